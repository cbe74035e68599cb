// The journeys of an operator up to a sent request (UX.md 6, journeys 1 to 6), in the manual's words. Those marked N are
// walked without a script as well, W on a phone's width, K by the keyboard alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compile, Person, upToCompilation } from './browser.mjs';
import { LIMIT, N, OPERATOR, W, browser, journey, system, together } from './journeys.mjs';

const BOTH = 'inca/INCA-RM-001/both1';

together();

journey('1: in by the information page, out again', [N], async (person, way) => {
  const { page } = person;
  await page.goto(`${system.url}/`);
  await person.looked(`accesso${way}`);
  await person.enter(OPERATOR, { informed: false });
  await person.reads('La piattaforma "Sistema di comunicazione bidirezionale patronati" permette ai patronati');
  await person.looked(`informativa${way}`);
  await person.press('Continua');
  await person.reads('Benvenuto Mario Rossi');
  await person.reads('Risposte ricevute negli ultimi 3 giorni: 0');
  await person.reads('Nessuna risposta negli ultimi 3 giorni.');
  await person.looked(`home${way}`);
  await page.goto(`${system.url}/`);
  await person.reads('Benvenuto');
  await page.getByRole('button', { name: 'Esci dal servizio' }).click();
  await person.reads('Sei uscito dal servizio');
  await page.goto(`${system.url}/nuova/cittadino?a=b`);
  assert.equal(page.url(), `${system.url}/accesso?poi=/nuova/cittadino%3Fa%3Db`);
});

journey('2: a person of two roles takes one and changes it', [N], async (person, way) => {
  const { page } = person;
  await person.enter(BOTH);
  await person.reads('Scegli la modalità di lavoro');
  await person.looked(`profilo${way}`);
  await person.press('Continua');
  await person.reads('Scegli con quale profilo vuoi lavorare.');
  await page.getByLabel('Referente regionale').check();
  await person.press('Continua');
  await person.reads('Ref. PATRONATO INCA');
  await person.reads('chiarimenti su aspetti normativi o procedimentali');
  await page.locator('.roles summary').click();
  await page.locator('.roles').getByRole('button', { name: 'Operatore' }).click();
  await person.reads('Op. PATRONATO INCA');
  await person.reads('pratiche di specifici cittadini');
});

journey('3: a request begins with a citizen and the delegation', [N, W], async (person, way) => {
  const { page } = person;
  await person.enter(OPERATOR);
  await person.follow('Crea nuova richiesta');
  await person.looked(`cittadino${way}`);
  await page.fill('#codice_fiscale', 'BNCMRA50A01H501U');
  await page.locator('section:has(#codice_fiscale)').getByRole('button', { name: 'Continua' }).click();
  await person.reads('Hai selezionato');
  await person.reads('MARIO BIANCHI');
  await person.looked(`conferma-utente${way}`);
  await person.press('Continua');
  await person.reads('occorre dichiarare di essere in possesso della delega');
  assert.match(await page.title(), /^Errore: /);
  await page.check('#delega');
  await person.press('Continua');
  await person.reads('Per quale motivo vuoi contattare INPS?');
  await person.looked(`compilazione${way}`);
});

journey('4: two of the same name, one is chosen', [N], async (person, way) => {
  const { page } = person;
  await person.enter(OPERATOR);
  await page.goto(`${system.url}/nuova`);
  await page.fill('#cognome', 'Russo');
  await page.fill('#nome', 'Giuseppe');
  await page.fill('#data_nascita', '1948-03-19');
  await page.locator('section:has(#cognome)').getByRole('button', { name: 'Continua' }).click();
  await person.reads('SONO STATI TROVATI PIÙ UTENTI');
  await person.looked(`scelta${way}`);
  await person.press('Continua');
  await person.reads('Seleziona un utente per procedere con la richiesta.');
  await page.getByLabel('POZZUOLI').check();
  await person.press('Continua');
  await person.reads('RSSGPP48C19F83VN');
});

journey('5: nobody, and a wrong code: what was typed stays, and stands in no address', [N], async (person) => {
  const { page } = person;
  const addresses = [];
  page.on('request', (request) => addresses.push(request.url()));
  await person.enter(OPERATOR);
  await page.goto(`${system.url}/nuova`);
  const search = async (code) => {
    await page.fill('#codice_fiscale', code);
    await page.locator('section:has(#codice_fiscale)').getByRole('button', { name: 'Continua' }).click();
  };
  await search('BNCMRA50A01H501X');
  await person.reads('Il codice fiscale non è corretto');
  assert.equal(await page.inputValue('#codice_fiscale'), 'BNCMRA50A01H501X');
  if (person.script) assert.equal(await page.evaluate(() => document.activeElement.id), 'errori');
  await person.looked('cittadino-errore');
  await search('VRDLGI80A01F205H');
  await person.reads('Nessun cittadino corrisponde al codice fiscale inserito.');
  assert.ok(addresses.every((address) => !/BNCMRA|VRDLGI/i.test(address)));
  assert.doesNotMatch(system.log(), /BNCMRA|VRDLGI/i);
});

journey('6: compiled, checked, sent, confirmed', [N, W], async (person, way) => {
  const { page } = person;
  await person.enter(OPERATOR);
  await upToCompilation(person);
  await person.reads('Per conto di: MARIO BIANCHI');
  await person.press('Prosegui');
  await person.reads('Scegli per quale motivo vuoi contattare INPS.');
  await person.reads('Inserisci il testo della richiesta.');
  await person.looked(`compilazione-errori${way}`);
  await compile(person);
  await person.press('Prosegui');
  await person.reads('Sede di inoltro della richiesta');
  await person.reads('La sede INPS di competenza è stata stabilita in modo automatico in base alla tematica evidenziata.');
  await person.reads('Numero pensione 030010110000000');
  await person.reads('Nessun allegato');
  await person.looked(`riepilogo${way}`);
  await person.press('Invia');
  await person.reads('Richiesta inviata con successo per conto di MARIO BIANCHI');
  assert.match(await page.locator('main').innerText(), /INPS\.\w{4,5}\.\d\d\/\d\d\/\d{4}\.\d{7}/);
  await person.reads('Se vuoi aprire una nuova richiesta per il medesimo utente');
  await person.reads('Se vuoi aprire la medesima richiesta per un altro utente');
  await person.reads('Torna alla Home');
  await person.looked(`conferma${way}`);
});

test('6 K: the same by the keyboard alone', LIMIT, async () => {
  const person = await Person.at(browser, system.url);
  const { page } = person;
  await person.enter(OPERATOR);
  await upToCompilation(person);
  const to = async (selector) => {
    for (let pressed = 0; pressed < 60; pressed += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    }
    assert.fail(`the keyboard does not reach ${selector}`);
  };
  // A page that is still loading swallows the key: what must be right is the first thing the focus comes to.
  await page.waitForLoadState('load');
  await to('body *');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Vai al contenuto principale');
  await to('input[name=motivo]');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await to('#argomento');
  await page.keyboard.type('requisiti');
  await page.keyboard.press('ArrowDown');
  if (!(await page.locator('[role=option]').count())) {
    await page.fill('#argomento', '');
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
  await to('#testo');
  await page.keyboard.type('Scritto senza il mouse.');
  await to('button[value=prosegui]:not([tabindex="-1"])');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Riepilogo e inoltro', level: 1 }).waitFor();
  await to('button[value=invia]');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Richiesta inviata con successo', level: 1 }).waitFor();
  await person.gone();
});
