// What comes between, in the browser (UX.md 6, journey 25): a session that runs out, somebody who was quicker, a broker
// that is away, and texts that look like code.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

import { Person, chooseTopic, compile, upToCompilation } from './browser.mjs';
import { LIMIT, OPERATOR, browser, system, together } from './journeys.mjs';
import { until } from './system.mjs';

const CODE = `"'><img src=x onerror=alert(1)><script>`;
const TOPIC = 'PENSIONI PAESI NON CONVENZIONATI';

together();

/** Walks a journey with a script, and without where the browser's part in it differs. */
function journey(name, walk, ways = [true, false]) {
  for (const script of ways) {
    test(script ? name : `${name} (without a script)`, LIMIT, async () => {
      const person = await Person.at(browser, system.url, { script });
      await person.enter(OPERATOR);
      await walk(person, script ? '' : '-without-a-script');
      await person.gone();
    });
  }
}

/** Sends a request that its sede has, and answers where it is. */
async function sent(person, text = 'Vorrei conoscere lo stato della pratica.') {
  const { page } = person;
  await upToCompilation(person);
  await compile(person, { text });
  await person.press('Prosegui');
  await person.press('Invia');
  await person.follow('Vedi la richiesta');
  const label = await page.locator('dt:text-is("Agenzia di inoltro") + dd').innerText();
  const path = new URL(page.url()).pathname;
  return { path, id: path.split('/').pop(), sede: label.split('-').pop() };
}

const reply = ({ id, sede }, text = 'La pratica è in lavorazione.') =>
  system.asOfficer(sede, `/requests/${id}/reply`, { text });

/** The same person at another window. */
const elsewhere = (person, path, form) =>
  person.page.request.post(`${system.url}${path}`, { headers: { origin: system.url }, ...form, maxRedirects: 0 });

async function signInAgain(person) {
  assert.match(person.page.url(), /\/accesso\?poi=/);
  await person.follow('Accesso di sviluppo');
  await person.page.locator(`button[value="${OPERATOR}"]`).click();
  await person.press('Continua');
}

const KEPT = 'non è stato inviato ed è conservato qui sotto';

journey('a session that ran out keeps the message and the wish', async (person, way) => {
  const { page } = person;
  const request = await sent(person);
  await reply(request);
  await page.reload();
  await page.fill('#testo', 'Da non perdere.');
  system.endSessions();
  await person.press('Invia messaggio');
  await signInAgain(person);
  assert.equal(new URL(page.url()).pathname, request.path);
  await person.reads(KEPT);
  assert.equal(await page.inputValue('#testo'), 'Da non perdere.');
  await person.looked(`testo-conservato${way}`);
  await person.press('Invia messaggio');
  await person.reads('Messaggio inviato.');
  await page.reload();
  await person.lacks(KEPT);

  await system.asOfficer(request.sede, `/requests/${request.id}/enable-appointment`, { reason: 'Serve un colloquio.' });
  await page.goto(`${system.url}${request.path}/appuntamento`);
  await page.fill('#preferenza', 'Di mattina.');
  system.endSessions();
  await person.press('Prenota appuntamento');
  await signInAgain(person);
  await person.reads(KEPT);
  assert.equal(await page.inputValue('#preferenza'), 'Di mattina.');
  await person.press('Prenota appuntamento');
  await person.reads('Preferenza: Di mattina.');
});

test('what one writes is kept meanwhile, even by a session that ran out', LIMIT, async () => {
  const person = await Person.at(browser, system.url);
  const { page } = person;
  await person.enter(OPERATOR);
  const request = await sent(person);
  await reply(request);
  await page.reload();
  system.endSessions();
  const keeping = page.waitForResponse(`**${request.path}/messaggi/bozza`);
  await page.fill('#testo', 'A metà.');
  assert.equal((await keeping).status(), 401);
  await page.goto(`${system.url}${request.path}`);
  await signInAgain(person);
  assert.equal(await page.inputValue('#testo'), 'A metà.');
  const other = await Person.at(browser, system.url);
  await other.enter('inca/INCA-RM-001/op2');
  await other.page.goto(`${system.url}${request.path}`);
  assert.equal(await other.page.inputValue('#testo'), '');
  await other.gone();
  await person.press('Elimina il testo conservato');
  await person.reads('Testo eliminato.');
  assert.equal(await page.inputValue('#testo'), '');
  await person.gone();
});

journey('somebody was quicker: the new state, and the text', async (person, way) => {
  const { page } = person;
  const request = await sent(person);
  await reply(request);
  await page.reload();
  await page.fill('#testo', 'Arrivo secondo.');
  await elsewhere(person, `${request.path}/messaggi`, { multipart: { testo: 'Arrivo primo.' } });
  await person.press('Invia messaggio');
  await person.reads('La richiesta è cambiata mentre la stavi leggendo.');
  await person.reads('Arrivo primo.');
  await person.reads('Attendi la risposta della sede prima di scrivere ancora.');
  assert.equal(await page.locator('pre.kept').innerText(), 'Arrivo secondo.');
  await person.looked(`conflitto${way}`);

  await system.asOfficer(request.sede, `/requests/${request.id}/enable-appointment`, { reason: 'Serve un colloquio.' });
  await page.goto(`${system.url}${request.path}/appuntamento`);
  await page.fill('#preferenza', 'Di pomeriggio.');
  await elsewhere(person, `${request.path}/appuntamento`, { form: { preferenza: 'Di mattina.' } });
  await person.press('Prenota appuntamento');
  await person.reads('La richiesta è cambiata mentre la stavi leggendo.');
  assert.equal(await page.locator('pre.kept').innerText(), 'Di pomeriggio.');
  await person.looked(`conflitto-appuntamento${way}`);
});

journey('a draft that was sent from another window keeps what this one says', async (person) => {
  const { page } = person;
  await upToCompilation(person);
  await compile(person);
  const step = new URL(page.url()).pathname;
  await person.press('Prosegui');
  await page.goto(`${system.url}${step}`);
  await page.fill('#testo', 'Riscritto intanto.');
  await elsewhere(person, step.replace('compilazione', 'riepilogo'), { form: { azione: 'invia' } });
  await person.press('Prosegui');
  await person.reads('è conservato in una nuova bozza');
  await page.check('#delega');
  await person.press('Continua');
  assert.notEqual(new URL(page.url()).pathname, step);
  assert.equal(await page.inputValue('#testo'), 'Riscritto intanto.');
}, [true]);

test('25: the broker is away: the request is stored, and leaves when it is back', LIMIT, async () => {
  const person = await Person.at(browser, system.url);
  const { page } = person;
  await person.enter(OPERATOR);
  await upToCompilation(person);
  await compile(person);
  await person.press('Prosegui');
  await system.brokerAway();
  try {
    await person.press('Invia');
    await person.reads('Richiesta inviata con successo');
    await person.reads('la richiesta è salvata e sarà inoltrata alla sede appena possibile');
    await person.looked('conferma-senza-smistamento');
  } finally {
    await system.brokerBack();
  }
  const id = (await page.getByRole('link', { name: 'Vedi la richiesta' }).getAttribute('href')).split('/').pop();
  await until(() => system.psql(`select count(*) from outbox where case_id = '${id}'`) === '0');
  assert.notEqual(system.psql(`select count(*) from outbox_sent where case_id = '${id}'`), '0');
  await until(async () => (await page.reload()) && !(await page.locator('main').innerText()).includes('sarà inoltrata'));
  await person.gone();
});

/** Loads a register of the examples with something in it replaced. */
function replaced(register, from, to) {
  const text = readFileSync(resolve(import.meta.dirname, `../../config/examples/${register}.csv`), 'utf8');
  assert.ok(text.includes(from));
  const file = join(system.folder, `${register}.csv`);
  writeFileSync(file, text.replaceAll(from, to));
  system.usciere('import', register, file);
}

/** Last, because of the names it leaves in the registers. */
journey('texts that look like code are texts, wherever they come from', async (person) => {
  const { page } = person;
  const quoted = CODE.replaceAll('"', '""');
  replaced('citizens', 'BIANCHI,MARIO', `"BIANCHI ${quoted}",MARIO`);
  replaced('sedi', '701300,POMEZIA', `701300,"POMEZIA ${quoted}"`);
  replaced('topics', `,${TOPIC},`, `,"${TOPIC} ${quoted}",`);
  page.on('dialog', (dialog) => {
    person.faults.push(`a dialog says ${dialog.message()}`);
    dialog.dismiss();
  });
  const harmless = async (...texts) => {
    for (const text of texts) await person.reads(text);
    assert.equal(await page.locator('main :is(script, img, [onerror])').count(), 0, page.url());
  };
  await page.goto(`${system.url}/nuova`);
  await page.fill('#cognome', CODE);
  await page.fill('#nome', CODE);
  await page.fill('#data_nascita', '1950-01-01');
  await page.locator('section:has(#cognome)').getByRole('button', { name: 'Continua' }).click();
  assert.equal(await page.inputValue('#cognome'), CODE);
  await harmless();
  await upToCompilation(person);
  await page.check('input[value=status_or_rejection]');
  await page.selectOption('#tipo_pratica', 'pension');
  await page.fill('#numero_pratica', CODE);
  await chooseTopic(person, `${TOPIC} ${CODE}`);
  await page.fill('#testo', `testo ${CODE}`);
  await page.fill('#note', `note ${CODE}`);
  await page.setInputFiles('#allegato', { name: `${CODE}.txt`, mimeType: 'text/plain', buffer: Buffer.from('prova') });
  await page.locator('.files').getByText('byte').waitFor();
  await person.press('Prosegui');
  assert.equal(await page.inputValue('#numero_pratica'), CODE);
  await harmless();
  await page.fill('#numero_pratica', '030010110000000');
  await person.press('Prosegui');
  await harmless(`testo ${CODE}`, `note ${CODE}`, `BIANCHI ${CODE}`, `POMEZIA ${CODE}`, `${TOPIC} ${CODE}`);
  await person.press('Invia');
  await harmless(`BIANCHI ${CODE}`);
  await person.follow('Vedi la richiesta');
  const { pathname } = new URL(page.url());
  const request = { id: pathname.split('/').pop(), sede: '701300' };
  await reply(request, `risposta ${CODE}`);
  await page.reload();
  await harmless(`testo ${CODE}`, `note ${CODE}`, `risposta ${CODE}`, `BIANCHI ${CODE}`, `POMEZIA ${CODE}`);
  await page.fill('#testo', `messaggio ${CODE}`);
  await person.press('Invia messaggio');
  await harmless(`messaggio ${CODE}`);
  await system.asOfficer(request.sede, `/requests/${request.id}/enable-appointment`, { reason: `motivo ${CODE}` });
  await page.goto(`${system.url}${pathname}/appuntamento`);
  await page.fill('#preferenza', `preferenza ${CODE}`);
  await person.press('Prenota appuntamento');
  await harmless(`preferenza ${CODE}`, `motivo ${CODE}`);
  await person.follow('Stampa riepilogo');
  await harmless(`testo ${CODE}`, `messaggio ${CODE}`, `risposta ${CODE}`, `BIANCHI ${CODE}`);
  await page.goto(`${system.url}/`);
  await harmless(`${TOPIC} ${CODE}`);
  await page.goto(`${system.url}/richieste?q=${encodeURIComponent(CODE)}`);
  await page.fill('#nome', CODE);
  await person.press('Salva filtri');
  await harmless(`${TOPIC} ${CODE}`, `«${CODE}»`);
  for (const address of ['/preferenze', '/statistiche', '/avvisi', `/statistiche?argomento=${encodeURIComponent(CODE)}`]) {
    await page.goto(system.url + address);
    await harmless();
  }
}, [true]);
