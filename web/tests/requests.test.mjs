// What was sent, in the browser (UX.md 6, journeys 14 to 20): the history, a request with its thread, solicits,
// conversation, appointment, print; and what a page does not offer, posted all the same.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Person, chooseTopic, launch } from './browser.mjs';
import { System } from './system.mjs';

const OPERATOR = 'inca/INCA-RM-001/op1';
const COLLEAGUE = 'inca/INCA-RM-001/op2';
const REFERENT = 'inca/INCA-RM-001/ref1';
const ELSEWHERE = 'inca/INCA-RM-002/op1';
const OFFICER = 'sede/lineainps';
const XSS = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`;

let system;
let browser;
before(async () => {
  system = await System.start();
  system.usciere('demo', 'load', '--requests', '120');
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await system?.stop();
});

/** Walks a journey as written, and in each of the other ways it is asked for. */
function journey(name, ways, walk) {
  for (const way of ['', ...ways]) {
    test(way ? `${name} (${way})` : name, async () => {
      const person = await Person.at(browser, system.url, { script: way !== N, narrow: way === W });
      await walk(person, way.replaceAll(' ', '-'));
      await person.gone();
    });
  }
}
const N = 'without a script';
const W = 'at 320 px';

async function as(who) {
  const person = await Person.at(browser, system.url);
  await person.enter(who);
  return person;
}

const clock = async (offset) => {
  const answer = await fetch(`${system.url}/dev/clock`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ offset }),
  });
  assert.ok(answer.ok, `${answer.status}`);
};

/** Posts what a page does not offer, with the session of a person. */
const post = (person, path, form, multipart = false) =>
  person.page.request.post(`${system.url}${path}`, {
    headers: { origin: system.url },
    [multipart ? 'multipart' : 'form']: form,
    maxRedirects: 0,
  });

const rows = (person) => person.page.locator('tbody tr');
const cells = (person, label) => person.page.locator(`tbody td[data-label="${label}"]`).allInnerTexts();
const total = async (person) => Number((await person.page.locator('caption').first().textContent()).match(/^\d+/)[0]);

/** A request of a list, and the sede that has it. The newest one that waits is journey 17's. */
async function first(person, query, index = 0) {
  await person.page.goto(`${system.url}/richieste?${query}`);
  const path = await person.page.locator('td.arrow a').nth(index).getAttribute('href');
  await person.page.goto(`${system.url}${path}`);
  const label = await person.page.locator('dt:text-is("Agenzia di inoltro") + dd').innerText();
  return { path, id: path.split('/').pop(), sede: label.split('-').pop() };
}

const reply = ({ id, sede }, text = 'La pratica è in lavorazione.') =>
  system.asOfficer(sede, `/requests/${id}/reply`, { text });

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
