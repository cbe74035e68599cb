// What was sent, in the browser (UX.md 6, journeys 14 to 16 and 21): the history, its files, replies, statistics,
// preferences.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { COLLEAGUE, N, OPERATOR, W, XSS, as, cells, first, journey, reply, rows, system, together, total } from './journeys.mjs';

together({ requests: 120 });

/** "Ricerca per", one criterion at a time. */
async function look(person, per, value) {
  await person.page.goto(`${system.url}/richieste`);
  await person.page.selectOption('#per', per);
  await person.page.fill('#valore', value);
  await person.press('Cerca');
}

journey('14: the history is searched, filtered, sorted and turned over', [N, W], async (person, way) => {
  const { page } = person;
  await person.enter(OPERATOR);
  await page.goto(`${system.url}/richieste`);
  await person.looked(`storico${way}`);
  const all = await total(person);
  assert.equal(await rows(person).count(), 25);
  await person.follow('Pagina successiva');
  const turned = page.url();
  const [protocol] = await cells(person, 'Numero protocollo');
  await page.locator('td.arrow a').first().click();
  await person.reads('Dettaglio richiesta selezionata');
  await page.goBack();
  assert.equal(page.url(), turned);
  await person.follow('Le mie richieste');
  assert.match(page.url(), /ambito=mie/);
  assert.ok((await total(person)) < all);

  await look(person, 'protocollo', protocol.toLowerCase());
  assert.deepEqual(await cells(person, 'Numero protocollo'), [protocol]);
  const day = (await cells(person, 'Data richiesta'))[0].slice(0, 10);
  await look(person, 'data', day.split('/').reverse().join('-'));
  assert.ok((await cells(person, 'Data richiesta')).every((cell) => cell.startsWith(day)));
  await look(person, 'stato', 'chiuso');
  assert.ok((await cells(person, 'Stato richiesta')).every((cell) => cell.startsWith('Chiuso da Funzionario')));
  await page.getByRole('link', { name: 'Rimuovi filtro Stato: Chiuso da Funzionario' }).click();
  assert.equal(await total(person), all);
  await look(person, 'oggetto', 'pensioni paesi non convenzionati');
  assert.ok((await cells(person, 'Oggetto')).every((cell) => cell === 'PENSIONI PAESI NON CONVENZIONATI'));
  await look(person, 'codice-fiscale', 'BNCMRA50A01H501U');
  assert.ok((await cells(person, 'Codice fiscale')).every((cell) => cell.startsWith('BNC***')));
  assert.ok(!page.url().includes('BNCMRA') && !system.log().includes('BNCMRA50A01H501U'));
  await person.looked(`storico-codice-fiscale${way}`);
  await look(person, 'protocollo', 'INPS');
  await person.reads('Scrivi il numero di protocollo intero');
  await person.looked(`storico-errore${way}`);

  await page.goto(`${system.url}/richieste?ordine=oggetto`);
  const topics = await cells(person, 'Oggetto');
  assert.deepEqual(topics, [...topics].sort());
  assert.equal(await page.locator('th[aria-sort]').getAttribute('aria-sort'), 'ascending');
  await page.goto(`${system.url}/richieste?q=nessunacosa`);
  await person.reads('Nessuna richiesta corrisponde ai filtri.');
  await person.looked(`storico-vuoto${way}`);
  await person.follow('Azzera filtri');
  assert.equal(page.url(), `${system.url}/richieste`);
});

journey('14: filters are kept under a name and forgotten', [N], async (person) => {
  const { page } = person;
  await person.enter(OPERATOR);
  await page.goto(`${system.url}/richieste?scadute=si`);
  await page.fill('#nome', XSS.slice(0, 40));
  await person.press('Salva filtri');
  await person.reads('Filtri salvati con il nome');
  const kept = page.getByRole('navigation', { name: 'Filtri salvati' });
  const inside = await total(person);
  assert.ok((await kept.textContent()).includes(`(${inside > 99 ? '99+' : inside} richieste)`), await kept.textContent());
  await page.goto(`${system.url}/preferenze`);
  await person.reads(XSS.slice(0, 40));
  await page.getByRole('button', { name: /^Elimina/ }).click();
  await person.reads('Filtri eliminati.');
  await person.reads('Non hai filtri salvati.');
});

test('15: a file of the list holds all of it', async () => {
  const person = await as(OPERATOR);
  await person.page.goto(`${system.url}/richieste?ambito=mie`);
  const expected = await total(person);
  assert.ok(expected > 25);
  const csv = await (await person.page.request.get(`${system.url}/richieste/esporta.csv?ambito=mie`)).text();
  assert.ok(csv.startsWith('\ufeff"Data richiesta";"Numero protocollo"'));
  assert.equal(csv.trimEnd().split('\r\n').length, expected + 1);
  const xlsx = await person.page.request.get(`${system.url}/richieste/esporta.xlsx?ambito=mie`);
  assert.equal((await xlsx.body()).subarray(0, 2).toString(), 'PK');
  await person.gone();
});

test('16: a reply is told of, unread for each until he or she opens it', async () => {
  const [person, colleague] = [await as(OPERATOR), await as(COLLEAGUE)];
  const request = await first(person, 'ambito=mie&stato=assegnato_sede');
  await person.page.goto(`${system.url}/richieste`);
  const stream = person.page.waitForResponse('**/eventi');
  await person.page.reload();
  await stream;
  await reply(request);
  await person.page.getByRole('link', { name: 'Aggiorna elenco' }).click();
  const row = (who) => who.page.locator(`tr:has(a[href="${request.path}"])`);
  const list = `${system.url}/richieste?da_leggere=si`;
  for (const who of [person, colleague]) {
    await who.page.goto(list);
    assert.match(await row(who).innerText(), /Nuova/);
  }
  await person.page.goto(`${system.url}/avvisi`);
  await person.reads('Risposta della sede');
  await person.looked('avvisi');
  await person.page.goto(`${system.url}${request.path}`);
  await person.reads('La pratica è in lavorazione.');
  await person.page.goto(list);
  assert.equal(await row(person).count(), 0);
  await colleague.page.goto(list);
  assert.equal(await row(colleague).count(), 1);
  await person.gone();
  await colleague.gone();
});

journey('16: the home page tells of a reply, at once or when it is read again', [N], async (person) => {
  const { page } = person;
  await person.enter(OPERATOR);
  const request = await first(person, 'ambito=mie&stato=assegnato_sede', 2);
  const stream = person.script ? page.waitForResponse('**/eventi') : undefined;
  await page.goto(`${system.url}/`);
  await stream;
  const before = await page.locator('#risposte').innerText();
  await reply(request);
  if (person.script) {
    await page.locator('[data-live]').getByText('1 nuova risposta').waitFor();
    assert.equal(await page.locator('#risposte').innerText(), before);
    await person.follow('Aggiorna elenco');
  } else {
    await page.reload();
  }
  const row = page.locator(`tr:has(a[href="${request.path}"])`);
  await row.getByText('Nuova').waitFor();
  assert.notEqual(await page.locator('#risposte').innerText(), before);
  await row.getByRole('link').click();
  await person.reads('La pratica è in lavorazione.');
  await page.goto(`${system.url}/`);
  assert.equal(await row.getByText('Nuova').count(), 0);
});

journey('21: the statistics count what their lists show', [N], async (person, way) => {
  const { page } = person;
  await person.enter(OPERATOR);
  await page.goto(`${system.url}/statistiche`);
  await person.reads('*È possibile prenotare un appuntamento solo per le proprie richieste');
  await person.looked(`statistiche${way}`);
  for (const index of [0, 4, 7, 11]) {
    await page.goto(`${system.url}/statistiche`);
    const tile = page.locator('.tiles a').nth(index);
    const count = Number(await tile.locator('.figure').innerText());
    await tile.click();
    assert.equal(count, await total(person));
  }
  await page.goto(`${system.url}/statistiche?dal=2026-12-31&al=2026-01-01`);
  await person.reads('La data finale viene prima di quella iniziale.');
  const csv = await page.request.get(`${system.url}/statistiche/esporta.csv`);
  assert.match(await csv.text(), /"Le mie";"\d+"/);
});

journey('preferences are kept', [N], async (person, way) => {
  const { page } = person;
  await person.enter(OPERATOR);
  await page.goto(`${system.url}/preferenze`);
  await person.looked(`preferenze${way}`);
  await page.selectOption('#reply', 'daily');
  await page.fill('#dalle', '20:00');
  await person.press('Salva preferenze');
  await person.reads("Indica l'orario come HH:MM");
  await page.fill('#alle', '07:30');
  await person.press('Salva preferenze');
  await person.reads('Preferenze salvate.');
  assert.equal(await page.inputValue('#reply'), 'daily');
  assert.equal(await page.inputValue('#alle'), '07:30');
  await page.fill('#dalle', '');
  await page.fill('#alle', '');
  await person.press('Salva preferenze');
});

/** Last: the lists are long from now on. */
test('15: a file of more than a thousand requests holds them all', async () => {
  system.usciere('demo', 'load', '--requests', '1', '--cases', '10000');
  const office = "patronato = 'inca' and office = 'INCA-RM-001'";
  const expected = Number(system.psql(`select count(*) from cases where ${office}`));
  assert.ok(expected > 1200, `${expected}`);
  const person = await as(OPERATOR);
  await person.page.goto(`${system.url}/richieste`);
  await person.reads('Più di 1.000 richieste, dalla più recente');
  const csv = await (await person.page.request.get(`${system.url}/richieste/esporta.csv`)).text();
  assert.equal(csv.trimEnd().split('\r\n').length, expected + 1);
  await person.gone();
});
