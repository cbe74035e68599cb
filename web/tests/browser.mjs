// A browser that fails a test at whatever a person would not see: console errors, broken policy, barriers, sideways
// scrolling.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';

const pictures = resolve(import.meta.dirname, '../../target/browser');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });

/** A person at a browser of his or her own. */
export class Person {
  static async at(browser, url, { script = true, narrow = false } = {}) {
    const person = new Person();
    person.url = url;
    person.script = script;
    person.context = await browser.newContext({
      javaScriptEnabled: script,
      viewport: narrow ? { width: 320, height: 700 } : { width: 1280, height: 900 },
      locale: 'it-IT',
      timezoneId: 'Europe/Rome',
    });
    person.context.setDefaultTimeout(10_000);
    person.page = await person.context.newPage();
    person.faults = [];
    person.page.on('console', (message) => {
      // The browser says so itself of every page with a status of its own.
      const expected = /the server responded with a status of (4\d\d|503)/.test(message.text());
      if (message.type() === 'error' && !expected) person.faults.push(message.text());
    });
    person.page.on('pageerror', (error) => person.faults.push(error.message));
    return person;
  }

  /** Signs in as one of the made-up people, and goes through the information page. */
  async enter(who, { informed = true } = {}) {
    await this.page.goto(`${this.url}/accesso/sviluppo`);
    await this.page.locator(`button[value="${who}"]`).click();
    if (informed) await this.press('Continua');
  }

  press(name) {
    return this.page.locator('main').getByRole('button', { name, exact: true }).and(this.page.locator(':visible')).last().click();
  }

  follow(name) {
    return this.page.getByRole('link', { name, exact: true }).first().click();
  }

  async reads(text) {
    const body = await this.page.locator('body').innerText();
    assert.ok(body.includes(text), `«${text}» is not on ${this.page.url()}:\n${body}`);
  }

  async lacks(text) {
    const body = await this.page.locator('body').innerText();
    assert.ok(!body.includes(text), `«${text}» is on ${this.page.url()}`);
  }

  /** The page has no barriers and does not scroll sideways, its tables neither where there is room; a picture of it is kept. */
  async looked(name) {
    mkdirSync(pictures, { recursive: true });
    await this.page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
    const sideways = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(sideways <= 0, `${name} scrolls ${sideways} px sideways`);
    const cut = await this.page.evaluate(() => (innerWidth < 1200 ? [] : [...document.querySelectorAll('.table-responsive')])
      .map((region) => region.scrollWidth - region.clientWidth).filter((pixels) => pixels > 0));
    assert.deepEqual(cut, [], `${name}: pixels of its tables a wide window does not show`);
    const page = this.script ? this.page : await this.copy();
    const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
    if (page !== this.page) await page.context().close();
    const said = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 200)).join('\n')}`);
    assert.deepEqual(said, [], name);
  }

  /** The page as it stands without a script, in a browser that runs axe's: nothing else runs in it. */
  async copy() {
    const html = (await this.page.content()).replace(/<script[^>]*><\/script>/g, '');
    const context = await this.page.context().browser().newContext({ viewport: this.page.viewportSize(), locale: 'it-IT' });
    const page = await context.newPage();
    const address = this.page.url().replace(/#.*/, '');
    await page.route(address, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }));
    await page.goto(address);
    return page;
  }

  async gone() {
    await this.context.close();
    assert.deepEqual(this.faults, []);
  }
}

/** Everything up to the compilation, for the citizen of the examples. */
export async function upToCompilation(person, code = 'BNCMRA50A01H501U') {
  await person.page.goto(`${person.url}/nuova`);
  await person.page.fill('#codice_fiscale', code);
  await person.page.locator('section:has(#codice_fiscale)').getByRole('button', { name: 'Continua' }).click();
  await person.page.check('#delega');
  await person.press('Continua');
}

/** Fills the compilation in with what is right by the example registers. */
export async function compile(person, { text = 'Vorrei conoscere lo stato della pratica.', number = '030010110000000' } = {}) {
  const { page } = person;
  await page.check('input[value=status_or_rejection]');
  await page.selectOption('#tipo_pratica', 'pension');
  await page.fill('#numero_pratica', number);
  await chooseTopic(person, 'PENSIONI PAESI NON CONVENZIONATI');
  await page.fill('#testo', text);
}

export async function chooseTopic(person, label) {
  const { page } = person;
  if (!person.script) return page.selectOption('#argomento', { label });
  await page.fill('#argomento', label.toLowerCase());
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await page.inputValue('#argomento'), label);
}
