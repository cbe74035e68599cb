// What compiling a request has besides (UX.md 6, journeys 7 to 13): what is refused, attachments, another sede, the same
// sent twice, a referent's.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chooseTopic, compile, Person, upToCompilation } from './browser.mjs';
import { COLLEAGUE, LIMIT, N, OPERATOR, REFERENT, browser, journey, system, together } from './journeys.mjs';

together();

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
