// A request that was sent, in the browser (UX.md 6, journeys 17 to 20): its thread, solicits, conversation, appointment,
// print; and what a page does not offer, posted all the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Person, chooseTopic } from './browser.mjs';
import { COLLEAGUE, N, OPERATOR, REFERENT, XSS, as, browser, clock, first, journey, post, reply, system, together } from './journeys.mjs';

const ELSEWHERE = 'inca/INCA-RM-002/op1';
const OFFICER = 'sede/lineainps';

together({ requests: 120 });

journey('14 to 20: a referent follows what the patronato asked (Figures 29 to 31)', [N], async (person, way) => {
  const { page } = person;
  await person.enter(REFERENT);
  await page.goto(`${system.url}/nuova`);
  await page.check('input[value=regulatory_clarification]');
  await chooseTopic(person, 'ASSEGNO SOCIALE');
  await page.fill('#testo', 'Chiedo un chiarimento.');
  await person.press('Prosegui');
  await person.press('Invia');
  await person.reads('Richiesta inviata con successo!');
  const request = { ...(await first(person, 'ambito=mie')), sede: 'cric-lazio' };
  await person.lacks('Dati del richiedente');
  await person.lacks('Riferimento pratica');
  await person.reads('Attendi la risposta della sede prima di scrivere ancora.');
  await person.looked(`referente-dettaglio${way}`);
  await reply(request, 'Ecco il chiarimento.');
  await page.goto(`${system.url}/richieste?ambito=mie`);
  await person.looked(`referente-storico${way}`);
  await page.locator(`a[href="${request.path}"]`).click();
  await person.reads('Ecco il chiarimento.');
  await page.fill('#testo', 'Resta un dubbio.');
  await person.press('Invia messaggio');
  await person.reads('Messaggio inviato.');
  await person.follow('Stampa riepilogo');
  await person.reads('Resta un dubbio.');
});

/** Days from today to a date the page names. */
const daysUntil = async (person, before) => {
  const text = await person.page.locator('main').innerText();
  const found = text.match(new RegExp(`${before} (\\d\\d)/(\\d\\d)/(\\d{4})`));
  if (!found) return 0;
  const [, day, month, year] = found;
  const today = new Date().toLocaleDateString('sv', { timeZone: 'Europe/Rome' });
  return Math.round((Date.UTC(year, month - 1, day) - Date.parse(today)) / 864e5);
};

/** A request that waits and was not solicited yet. */
async function unsolicited(person) {
  for (let index = 0; ; index += 1) {
    const request = await first(person, 'ambito=mie&stato=assegnato_sede', index);
    if ((await person.page.locator('#sollecito-perche').count()) && (await daysUntil(person, 'Potrai sollecitare dal')) > 1) {
      return request;
    }
  }
}

/** A request that waits and has no appointment yet. */
async function unbooked(person) {
  for (let index = 1; ; index += 1) {
    const request = await first(person, 'ambito=mie&stato=assegnato_sede', index);
    const page = await person.page.locator('main').innerText();
    if (!page.includes('Hai già prenotato un appuntamento.')) return request;
  }
}

journey('17: a solicit opens on its day, twice in all; 19: and waiting opens the appointment', [N], async (person, way) => {
  const { page } = person;
  await person.enter(OPERATOR);
  const { path } = await unsolicited(person);
  const days = await daysUntil(person, 'Potrai sollecitare dal');
  const button = page.getByRole('button', { name: 'Sollecita' });
  await clock(`P${days - 1}D`);
  await page.reload();
  assert.ok(await button.isDisabled());
  await person.looked(`dettaglio${way}`);
  assert.equal((await post(person, `${path}/sollecito`, {})).status(), 409);
  await clock(`P${days}D`);
  await page.reload();
  await button.click();
  await person.reads('Sollecito inviato.');
  await person.lacks('Data 1° sollecito:\nnon inviato');
  assert.equal((await post(person, `${path}/sollecito`, {})).status(), 409);
  await clock(`P${days + 15}D`);
  await page.reload();
  await button.click();
  await person.reads('Sollecito inviato.');
  await person.reads('Hai già inviato 2 solleciti.');
  const third = await post(person, `${path}/sollecito`, {});
  assert.equal(third.status(), 409);
  assert.match(await third.text(), /Hai già inviato 2 solleciti/);

  const colleague = await as(COLLEAGUE);
  await colleague.page.goto(`${system.url}${path}`);
  await colleague.reads('Solo chi ha inviato la richiesta può prenotare un appuntamento.');
  assert.equal((await post(colleague, `${path}/appuntamento`, {})).status(), 403);
  await colleague.gone();
  await person.follow('Prenota appuntamento');
  await person.looked(`appuntamento${way}`);
  await page.fill('#preferenza', XSS);
  await person.press('Prenota appuntamento');
  await person.reads('Appuntamento richiesto: la sede lo confermerà.');
  await person.reads(`Preferenza: ${XSS}`);
  assert.equal((await post(person, `${path}/appuntamento`, {})).status(), 409);
  await clock('PT0S');
});

journey('18: two further messages, each after an answer; 19: then the appointment', [N], async (person, way) => {
  const { page } = person;
  await person.enter(OPERATOR);
  const request = await unbooked(person);
  const { path } = request;
  const stale = await post(person, `${path}/messaggi`, { testo: 'Scritto troppo presto' }, true);
  assert.equal(stale.status(), 409);
  assert.match(await stale.text(), /Scritto troppo presto/);
  for (const turn of [1, 2]) {
    await reply(request);
    await page.goto(`${system.url}${path}`);
    await page.fill('#testo', `${XSS} ${turn}`);
    const name = turn === 1 ? '<script>\u202efdp.txt' : 'documento.txt';
    await page.setInputFiles('#allegati', { name, mimeType: 'text/plain', buffer: Buffer.from(`prova ${turn}`) });
    await person.press('Invia messaggio');
    await person.reads('Messaggio inviato.');
    await person.reads(`${XSS} ${turn}`);
    await person.reads('Attendi la risposta della sede prima di scrivere ancora.');
  }
  const file = await page.request.get(new URL(await page.locator('.files a').last().getAttribute('href'), system.url).href);
  assert.match(file.headers()['content-disposition'], /^attachment/);
  await page.setInputFiles('#documenti', { name: 'x.txt', mimeType: 'text/plain', buffer: Buffer.from('MZ\0\0\u0001') });
  await person.press('Aggiungi documento');
  await person.reads('non corrisponde al suo formato');
  await person.looked(`dettaglio-errore${way}`);
  await reply(request);
  await page.goto(`${system.url}${path}`);
  await person.reads('Hai usato le 2 interazioni previste');
  assert.equal(await page.locator('#testo').count(), 0);
  assert.equal((await post(person, `${path}/messaggi`, { testo: 'Ancora' }, true)).status(), 409);
  await person.looked(`dettaglio-conclusa${way}`);
  await person.follow('Prenota appuntamento');
  await person.press('Prenota appuntamento');
  await person.reads('Appuntamento richiesto: la sede lo confermerà.');
});

test('19: the sede opens the appointment', async () => {
  const person = await as(OPERATOR);
  const { page } = person;
  const request = await unbooked(person);
  await system.asOfficer(request.sede, `/requests/${request.id}/enable-appointment`, { reason: 'Serve un colloquio.' });
  await page.goto(`${system.url}${request.path}`);
  await person.reads('Abilitato dalla sede, non ancora prenotato');
  await person.follow('Prenota appuntamento');
  await person.press('Prenota appuntamento');
  const at = new Date(Date.now() + 7 * 864e5).toISOString();
  await system.asOfficer(request.sede, `/requests/${request.id}/appointments/confirm`, { at, place: 'Sportello 3' });
  await page.reload();
  await person.reads('Sportello 3');
  const calendar = await page.request.get(`${system.url}${request.path}/appuntamento.ics`);
  assert.match(await calendar.text(), /BEGIN:VEVENT/);
  await person.gone();
});

test('20: the summary is printed without menu and without the notes of the sede', async () => {
  const person = await as(OPERATOR);
  const { page } = person;
  const request = await first(person, 'ambito=mie&stato=assegnato_sede', 1);
  await system.asOfficer(request.sede, `/requests/${request.id}/notes`, { text: 'Nota che resta in sede' });
  await page.goto(`${system.url}${request.path}`);
  const protocol = await page.locator('dt:text-is("Numero di protocollo") + dd').innerText();
  await person.follow('Stampa riepilogo');
  await page.emulateMedia({ media: 'print' });
  await person.reads(protocol);
  await person.lacks('Nota che resta in sede');
  assert.equal(await page.locator('nav').count(), 0);
  await person.looked('stampa');
  const pdf = await page.request.get(`${system.url}${request.path}/riepilogo.pdf`);
  assert.equal((await pdf.body()).subarray(0, 5).toString(), '%PDF-');
  await person.gone();
});

test('every route for everybody: one\'s own office, another, a referent, a sede', async () => {
  const owner = await as(OPERATOR);
  const { path } = await first(owner, 'ambito=mie');
  const open = ['/', '/richieste', '/statistiche', '/preferenze', '/avvisi', '/richieste/esporta.csv', '/statistiche/esporta.xlsx'];
  const own = ['', '/stampa', '/riepilogo.pdf'].map((tail) => path + tail);
  const hidden = [...own, `${path}/appuntamento`, `${path}/appuntamento.ics`];
  const posts = ['messaggi', 'allegati'].map((tail) => [`${path}/${tail}`, { testo: XSS }, true]);
  posts.push([`${path}/sollecito`, {}], [`${path}/appuntamento`, {}], [`${path}/da-leggere`, {}]);
  const statusOf = async (who, route) => (await who.page.request.get(system.url + route, { maxRedirects: 0 })).status();
  for (const route of [...open, ...own]) assert.equal(await statusOf(owner, route), 200, route);
  for (const unknown of ['/richieste/x', '/allegati/x', `/allegati/${'0'.repeat(64)}`, '/richieste/0199c0de-0000-7000-8000-000000000001']) {
    assert.equal(await statusOf(owner, unknown), 404, unknown);
  }
  for (const [who, expected] of [[REFERENT, 200], [ELSEWHERE, 404]]) {
    const person = await as(who);
    for (const route of open) assert.equal(await statusOf(person, route), 200, `${who} ${route}`);
    for (const route of expected === 404 ? hidden : own) assert.equal(await statusOf(person, route), expected, `${who} ${route}`);
    if (expected === 404) {
      for (const one of posts) assert.equal((await post(person, ...one)).status(), 404, one[0]);
    }
    await person.gone();
  }
  const officer = await Person.at(browser, system.url);
  await officer.enter(OFFICER, { informed: false });
  for (const route of [...open, ...own]) assert.notEqual(await statusOf(officer, route), 200, `officer ${route}`);
  await officer.gone();
  const nobody = await Person.at(browser, system.url);
  for (const route of [...open, ...hidden]) assert.equal(await statusOf(nobody, route), 303, `nobody ${route}`);
  await nobody.gone();
  const foreign = await owner.page.request.post(`${system.url}${path}/sollecito`, { headers: { origin: 'https://elsewhere.example' }, form: {} });
  assert.equal(foreign.status(), 403);
  for (const header of ['content-security-policy', 'x-content-type-options', 'referrer-policy']) assert.ok(foreign.headers()[header], header);
  assert.match(foreign.headers()['content-security-policy'], /style-src 'self'/);
  await owner.gone();
});
