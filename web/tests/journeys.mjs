// What files of journeys share: a system and a browser for each file, made-up people, and the ways a journey is walked.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Person, launch } from './browser.mjs';
import { System } from './system.mjs';

export const OPERATOR = 'inca/INCA-RM-001/op1';
export const COLLEAGUE = 'inca/INCA-RM-001/op2';
export const REFERENT = 'inca/INCA-RM-001/ref1';
export const XSS = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`;

/** Nothing here takes long; what hangs is told by name. */
export const LIMIT = { timeout: 120_000 };

export let system;
export let browser;

/** Starts both before the journeys of a file, with so many made-up requests, and stops them after. */
export function together({ requests = 0 } = {}) {
  before(async () => {
    system = await System.start();
    if (requests) system.usciere('demo', 'load', '--requests', `${requests}`);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await system?.stop();
  });
}

export const N = 'without a script';
export const W = 'at 320 px';

/** Walks a journey as written, and in each of the other ways it is asked for. */
export function journey(name, ways, walk) {
  for (const way of ['', ...ways]) {
    test(way ? `${name} (${way})` : name, LIMIT, async () => {
      const person = await Person.at(browser, system.url, { script: way !== N, narrow: way === W });
      await walk(person, way.replaceAll(' ', '-'));
      await person.gone();
    });
  }
}

export async function as(who) {
  const person = await Person.at(browser, system.url);
  await person.enter(who);
  return person;
}

export const clock = async (offset) => {
  const answer = await fetch(`${system.url}/dev/clock`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ offset }),
  });
  assert.ok(answer.ok, `${answer.status}`);
};

/** Posts what a page does not offer, with the session of a person. */
export const post = (person, path, form, multipart = false) =>
  person.page.request.post(`${system.url}${path}`, {
    headers: { origin: system.url },
    [multipart ? 'multipart' : 'form']: form,
    maxRedirects: 0,
  });

export const rows = (person) => person.page.locator('tbody tr');
export const cells = (person, label) => person.page.locator(`tbody td[data-label="${label}"]`).allInnerTexts();
export const total = async (person) => Number((await person.page.locator('caption').first().textContent()).match(/^\d+/)[0]);

/** A request of a list, and the sede that has it. The newest one that waits is journey 17's. */
export async function first(person, query, index = 0) {
  await person.page.goto(`${system.url}/richieste?${query}`);
  const path = await person.page.locator('td.arrow a').nth(index).getAttribute('href');
  await person.page.goto(`${system.url}${path}`);
  const label = await person.page.locator('dt:text-is("Agenzia di inoltro") + dd').innerText();
  return { path, id: path.split('/').pop(), sede: label.split('-').pop() };
}

export const reply = ({ id, sede }, text = 'La pratica è in lavorazione.') =>
  system.asOfficer(sede, `/requests/${id}/reply`, { text });
