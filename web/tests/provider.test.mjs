// Signing in at a real OpenID provider: code flow with PKCE, there and back in the browser.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import Provider from 'oidc-provider';

import { Person, launch } from './browser.mjs';
import { System, freePort } from './system.mjs';

const PEOPLE = {
  rossi: { name: 'Mario Rossi', patronato: 'inca', sede_patronato: 'INCA-RM-001', ruoli: ['operatore'] },
  nessuno: { name: 'Nessuno', ruoli: ['altro'] },
};

let system;
let browser;
let provider;
before(async () => {
  const [port, own] = [await freePort(), await freePort()];
  const issuer = `http://127.0.0.1:${port}`;
  const oidc = new Provider(issuer, {
    clients: [
      {
        client_id: 'usciere-web',
        client_secret: 'a secret of this test',
        redirect_uris: [`http://127.0.0.1:${own}/accesso/ritorno`],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        // A web client's addresses are https in the wild.
        application_type: 'native',
      },
    ],
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'name', 'patronato', 'sede_patronato', 'ruoli'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
    features: { devInteractions: { enabled: true } },
  });
  provider = createServer(oidc.callback()).listen(port, '127.0.0.1');
  system = await System.start(
    {
      USCIERE_AUTH__ISSUER: issuer,
      USCIERE_AUTH__ACR: '[]',
      USCIERE_AUTH__LOGIN__CLIENT_ID: 'usciere-web',
      USCIERE_AUTH__LOGIN__CLIENT_SECRET: 'a secret of this test',
      USCIERE_AUTH__LOGIN__SCOPES: '["openid"]',
      USCIERE_AUTH__LOGIN__LABEL: 'Entra con il provider di prova',
    },
    own,
  );
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await system?.stop();
  provider?.close();
});

async function signIn(person, who) {
  const { page } = person;
  await page.goto(`${system.url}/nuova/cittadino`);
  await person.follow('Entra con il provider di prova');
  await page.fill('input[name=login]', who);
  await page.fill('input[name=password]', 'anything');
  await page.click('button[type=submit]');
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('a person the provider knows comes back to where he wanted to go', async () => {
  const person = await Person.at(browser, system.url);
  await signIn(person, 'rossi');
  await person.page.waitForURL(`${system.url}/**`);
  await person.reads('Informativa sul servizio');
  await person.press('Continua');
  assert.equal(person.page.url(), `${system.url}/nuova/cittadino`);
  await person.reads('Op. PATRONATO INCA');
  const cookies = await person.context.cookies(system.url);
  const session = cookies.find((cookie) => cookie.name === 'usciere');
  assert.deepEqual([session.httpOnly, session.sameSite], [true, 'Lax']);
});

test('a person without a role here is known and not let in', async () => {
  const person = await Person.at(browser, system.url);
  await signIn(person, 'nessuno');
  await person.page.waitForURL(`${system.url}/**`);
  await person.reads('il profilo non permette di usare questo servizio');
});

test('an answer that this browser did not ask for is refused', async () => {
  const person = await Person.at(browser, system.url);
  await person.page.goto(`${system.url}/accesso/ritorno?code=stolen&state=made-up`);
  await person.reads('L’accesso non è stato completato'.replace('’', "'"));
});
