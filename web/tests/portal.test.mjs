// The journeys of an operator and of a referent (UX.md 6), in the manual's words. Those marked N are walked without a
// script as well, W on a phone's width, K by the keyboard alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Person, chooseTopic, compile, launch, upToCompilation } from './browser.mjs';
import { System } from './system.mjs';

const OPERATOR = 'inca/INCA-RM-001/op1';
const COLLEAGUE = 'inca/INCA-RM-001/op2';
const REFERENT = 'inca/INCA-RM-001/ref1';
const BOTH = 'inca/INCA-RM-001/both1';

/** Nothing here takes long; what hangs is told by name. */
const LIMIT = { timeout: 120_000 };

let system;
let browser;
before(async () => {
  system = await System.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await system?.stop();
});

/** Walks a journey as written, and in each of the other ways it is asked for. */
function journey(name, ways, walk) {
  for (const way of ['', ...ways]) {
    test(way ? `${name} (${way})` : name, LIMIT, async () => {
      const person = await Person.at(browser, system.url, {
        script: way !== 'without a script',
        narrow: way === 'at 320 px',
      });
      await walk(person, way.replaceAll(' ', '-'));
      await person.gone();
    });
  }
}
const N = 'without a script';
const W = 'at 320 px';

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

// In the examples somebody else than the citizen draws the second pension.
for (const [name, picture, number, words] of [
  ['7: a reference that is not the citizen’s (Figure 10)', 'avviso', '999',
    'Numero pensione non corretto o non associato al codice fiscale'],
  ['8: the pension of another person (Figure 11)', 'avviso-altra-persona', '030010110000003',
    'Per il codice fiscale inserito, associato al numero della pensione indicata, non può essere richiesta alcuna ' +
      'informazione in quanto si riferisce a soggetto diverso da: Titolare, Amministratore di sostegno, Tutore.'],
]) {
  journey(name, [N], async (person, way) => {
    const { page } = person;
    await person.enter(OPERATOR);
    await upToCompilation(person);
    await compile(person, { number });
    await person.press('Prosegui');
    if (person.script) {
      const dialog = page.getByRole('dialog', { name: 'Attenzione' });
      await dialog.waitFor();
      assert.ok((await dialog.innerText()).includes(words));
      await person.looked(`${picture}${way}`);
      await page.keyboard.press('Escape');
      assert.equal(await dialog.isVisible(), false);
    }
    await person.reads(words);
    assert.match(await page.title(), /^Errore: /);
    assert.equal(await page.inputValue('#testo'), 'Vorrei conoscere lo stato della pratica.');
    assert.equal(await page.inputValue('#numero_pratica'), number);
    if (!person.script) await person.looked(`${picture}${way}`);
  });
}

journey('9: attachments are judged, kept and removed', [N], async (person, way) => {
  const { page } = person;
  await person.enter(OPERATOR);
  await upToCompilation(person);
  await page.fill('#testo', 'Con allegati.');
  const attach = async (name, bytes) => {
    await page.setInputFiles('#allegato', { name, mimeType: 'application/octet-stream', buffer: bytes });
    if (!person.script) await person.press('Allega');
  };
  const pdf = Buffer.from('%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n');
  await attach('<script>x</script>\u202efdp.pdf', pdf);
  await page.getByText(/\(\d+ byte\)/).waitFor();
  await attach('Documento.txt', Buffer.from('ciao mondo '.repeat(150)));
  await page.getByText('(2 KB)').waitFor();
  assert.equal(await page.inputValue('#testo'), 'Con allegati.');
  await attach('Finto.pdf', Buffer.from('MZ nothing'));
  await page.getByText(/non corrisponde/).first().waitFor();
  await attach('Grande.txt', Buffer.alloc(6 * 1024 * 1024 + 1, 'a'));
  await page.getByText(/supera 6/).first().waitFor();
  await person.looked(`allegati${way}`);
  await page.getByRole(person.script ? 'link' : 'link', { name: /Rimuovi.*Documento/ }).click();
  await person.reads('Stai eliminando un documento allegato, vuoi continuare?');
  await page.getByText('Annulla').locator('visible=true').first().click();
  await page.getByText('(2 KB)').waitFor();
  await page.getByRole('link', { name: /Rimuovi.*Documento/ }).click();
  await page.getByRole('button', { name: 'Continua' }).locator('visible=true').first().click();
  await page.getByText('Allegato rimosso.').waitFor();
  await person.lacks('(2 KB)');
});

journey('10: another sede by region, province and name, and back', [N], async (person, way) => {
  const { page } = person;
  await person.enter(OPERATOR);
  await upToCompilation(person);
  await compile(person);
  await person.press('Prosegui');
  await person.follow('clicca qui');
  await person.reads('Seleziona la sede alla quale desideri inviare la richiesta in sostituzione di quella proposta come di competenza.');
  await person.reads('NESSUNA SEDE SELEZIONATA');
  await person.press('Invia');
  await person.reads('Seleziona la sede di inoltro.');
  await page.selectOption('#regione', 'Lazio');
  await person.press('Aggiorna elenco');
  await page.selectOption('#provincia', 'RM');
  await person.press('Aggiorna elenco');
  await person.looked(`cambia-sede${way}`);
  await page.selectOption('#sede', '700001');
  await person.press('Scegli questa sede');
  await person.reads('ROMA EUR');
  await person.press('Torna alla sede proposta');
  await person.lacks('ROMA EUR');
});

journey('11: sent twice is one request', [N], async (person) => {
  const { page } = person;
  await person.enter(COLLEAGUE);
  await upToCompilation(person);
  await compile(person);
  await person.press('Prosegui');
  const summary = page.url();
  const send = () =>
    page.context().request.post(summary, {
      form: { azione: 'invia' },
      headers: { origin: system.url },
      maxRedirects: 0,
    });
  await Promise.all([send(), send()]);
  await page.goto(summary);
  assert.match(page.url(), /\/conferma$/);
  const first = (await page.locator('main').innerText()).match(/INPS\.\S+/)[0];
  await page.reload();
  await page.goBack();
  await page.goto(summary);
  await person.reads(first);
});

test('12: on from the confirmation, for the same citizen and for another', LIMIT, async () => {
  const person = await Person.at(browser, system.url);
  const { page } = person;
  await person.enter(OPERATOR);
  await upToCompilation(person);
  await compile(person);
  await person.press('Prosegui');
  await person.press('Invia');
  const confirmation = page.url();
  await page.getByRole('button', { name: /medesimo utente/ }).click();
  await person.reads('Hai selezionato');
  await person.reads('MARIO BIANCHI');
  assert.equal(await page.isChecked('#delega'), false);
  await page.goto(confirmation);
  await page.getByRole('button', { name: /altro utente/ }).click();
  await page.fill('#codice_fiscale', 'FRRNNA52L54F205X');
  await page.locator('section:has(#codice_fiscale)').getByRole('button', { name: 'Continua' }).click();
  // Two people share this codice fiscale in the examples.
  await page.check('#utente');
  await person.press('Continua');
  await person.reads('FRRNNA52L54F205X');
  await page.check('#delega');
  await person.press('Continua');
  assert.equal(await page.inputValue('#testo'), 'Vorrei conoscere lo stato della pratica.');
  assert.equal(await page.inputValue('#numero_pratica'), '');
  await person.gone();
});

journey('13: a referent writes for the patronato, to the region', [N], async (person, way) => {
  const { page } = person;
  await person.enter(REFERENT);
  await person.follow('Nuova richiesta');
  await person.reads('Per conto di: Ref. PATRONATO INCA');
  await person.reads('La presente istanza sarà indirizzata alla Sede Regionale INPS');
  await person.reads('Chiarimento normativo');
  await person.lacks('Sollecito domanda già presentata');
  await person.lacks('Inserisci il riferimento della pratica');
  await person.looked(`referente-compilazione${way}`);
  await page.check('input[value=regulatory_clarification]');
  await chooseTopic(person, 'ASSEGNO SOCIALE');
  await page.fill('#testo', 'Chiedo un chiarimento.');
  await person.press('Prosegui');
  await person.reads('CRIC');
  await person.lacks('Dati del richiedente');
  await person.looked(`referente-riepilogo${way}`);
  await person.press('Invia');
  await person.reads('Richiesta inviata con successo!');
  await person.lacks('clicca qui');
  await person.looked(`referente-conferma${way}`);
});

test('a session that ran out keeps what was being written', LIMIT, async () => {
  const person = await Person.at(browser, system.url);
  const { page } = person;
  await person.enter(OPERATOR);
  await upToCompilation(person);
  const step = page.url();
  await page.fill('#testo', 'Da non perdere.');
  system.endSessions();
  await person.press('Prosegui');
  assert.match(page.url(), /\/accesso\?poi=/);
  // Keeping it woke nothing: whoever sits down here now is nobody.
  await page.goto(`${system.url}/richieste`);
  assert.match(page.url(), /\/accesso\?poi=/);
  await page.goBack();
  await person.follow('Accesso di sviluppo');
  await page.locator(`button[value="${OPERATOR}"]`).click();
  await person.press('Continua');
  assert.equal(page.url(), step);
  assert.equal(await page.inputValue('#testo'), 'Da non perdere.');
  await person.gone();
});

test('forms of other sites, other people’s drafts and made-up addresses lead nowhere', LIMIT, async () => {
  const person = await Person.at(browser, system.url);
  const { page } = person;
  await person.enter(OPERATOR);
  await upToCompilation(person);
  const draft = page.url();
  const post = (headers) => page.context().request.post(`${system.url}/esci`, { headers, maxRedirects: 0 });
  assert.equal((await post({ origin: 'https://elsewhere.example' })).status(), 403);
  assert.equal((await post({ 'sec-fetch-site': 'cross-site' })).status(), 403);
  const other = await Person.at(browser, system.url);
  await other.enter(COLLEAGUE);
  assert.equal((await other.page.goto(draft)).status(), 404);
  await other.reads('La bozza non esiste più');
  const nowhere = await page.goto(`${system.url}/nessuna-pagina`);
  assert.equal(nowhere.status(), 404);
  assert.match(nowhere.headers()['content-security-policy'], /^default-src 'none'; script-src 'self'/);
  await person.looked('non-trovata');
  for (const address of ['/aiuto', '/accessibilita', '/privacy', '/licenze']) {
    await page.goto(system.url + address);
    await person.looked(address.slice(1));
  }
  await other.gone();
  await person.gone();
});
