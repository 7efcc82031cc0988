// SPDX-License-Identifier: Apache-2.0
/// <reference lib="dom" />
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { createRegistry, type Registry } from '@teu/image-registry/server'
import { type Browser, chromium, type Page } from 'playwright-core'
import { fillRegistry } from './web-images.ts'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const skip = existsSync(executablePath)
  ? false
  : `needs Chromium, which is not at ${executablePath}: e2e/setup installs it, CHROMIUM names another`

let registry: Registry
let browser: Browser
let places: Record<string, string>
before(async () => {
  if (skip !== false) return
  registry = await createRegistry()
  const signed = await fillRegistry(registry.url)
  places = {
    ...{ repositories: '/', search: '/?q=web', nothing: '/?q=zzz', tags: '/repositories/web/shop' },
    ...{
      index: '/repositories/web/shop:latest',
      image: `/repositories/web/shop@${signed}`,
      missing: '/repositories/none',
    },
  }
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
})
after(async () => {
  await browser?.close()
  await registry?.close()
})

/** Opens a page, and fails when the browser complains of it. */
async function visit<T>(
  place: string,
  look: (page: Page) => Promise<T>,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<T> {
  const page = await browser.newPage(options)
  const complaints: string[] = []
  page.on('console', (message) => message.text().includes('404') || complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  try {
    await page.goto(registry.url + place)
    const result = await look(page)
    assert.deepEqual(complaints, [])
    for (const url of requests) assert.ok(url.startsWith(registry.url), `${url} is elsewhere`)
    return result
  } finally {
    await page.close()
  }
}

test('a reader goes from the start to a layer with nothing but links, without JavaScript', { skip }, async () => {
  const options = { javaScriptEnabled: false }
  await visit(
    '/',
    async (page) => {
      await page.getByRole('searchbox', { name: 'Name contains' }).fill('web')
      await page.getByRole('button', { name: 'Search' }).click()
      assert.equal(
        await page
          .getByRole('listitem')
          .filter({ has: page.getByRole('heading') })
          .count(),
        2,
      )
      await page.getByRole('link', { name: 'web/shop' }).click()
      assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'web/shop')
      assert.equal(await page.getByRole('row').count(), 10)
      await page.getByRole('rowheader', { name: 'latest', exact: true }).getByRole('link').click()
      await page.getByRole('region', { name: 'Platforms' }).getByRole('link', { name: 'linux/amd64' }).click()
      const layers = page.getByRole('region', { name: 'Layers' })
      assert.equal(await layers.getByRole('listitem').count(), 8)
      assert.match((await layers.textContent()) ?? '', /RUN apk add|apk add --no-cache/)
      assert.equal(await page.getByRole('region', { name: 'Referrers' }).getByRole('heading', { level: 3 }).count(), 2)
      await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'Repositories' }).click()
      assert.equal(new URL(page.url()).pathname, '/')
    },
    options,
  )
})

test('a click, or the keyboard, takes a whole command', { skip }, async () => {
  await visit('/repositories/web/shop', async (page) => {
    const command = page.getByRole('textbox', { name: 'Pull command' })
    await command.click()
    assert.equal(await page.evaluate(() => String(getSelection())), `docker pull ${registry.address}/web/shop:latest`)
  })
})

test('the keyboard reaches everything, and the focus can be seen', { skip }, async () => {
  await visit(places['tags'] ?? '', async (page) => {
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to content')
    assert.ok((await page.locator('.skip').boundingBox())?.y !== undefined)
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main')
    const reached = new Set<string>()
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press('Tab')
      const [key, outline] = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement
        return [element.outerHTML.slice(0, 120), getComputedStyle(element).outlineStyle] as const
      })
      if (key.startsWith('<body')) break
      assert.notEqual(outline, 'none', key)
      reached.add(key)
    }
    const inMain = await page.locator('main :is(a[href], button, input, [tabindex="0"])').count()
    assert.ok(reached.size >= inMain, `${reached.size} of ${inMain}`)
  })
})

test('every page has its landmarks, one first heading, no level left out, and a name for every control', {
  skip,
}, async (t) => {
  for (const [name, place] of Object.entries(places)) {
    await t.test(name, () =>
      visit(place, async (page) => {
        for (const role of ['banner', 'main', 'contentinfo'] as const)
          assert.equal(await page.getByRole(role).count(), 1, role)
        const found = await page.evaluate(() => {
          const levels = [...document.querySelectorAll('h1,h2,h3,h4')].map(({ tagName }) => Number(tagName[1]))
          const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
          const named = (element: Element) =>
            element.textContent?.trim() ||
            element.getAttribute('aria-label') ||
            (element as HTMLInputElement).labels?.[0]?.textContent
          const nameless = [...document.querySelectorAll('a,button,input,[role],meter,nav,section')].filter(
            (element) => !named(element),
          )
          const dangling = [...document.querySelectorAll('[aria-labelledby]')].filter(
            (element) => !document.getElementById(element.getAttribute('aria-labelledby') ?? ''),
          )
          const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth
          return {
            levels,
            ids,
            wide,
            nameless: [...nameless, ...dangling].map(({ outerHTML }) => outerHTML),
            lang: document.documentElement.lang,
            title: document.title,
          }
        })
        assert.equal(found.levels.filter((level) => level === 1).length, 1)
        for (const [at, level] of found.levels.entries())
          assert.ok(level <= (found.levels[at - 1] ?? 0) + 1, found.levels.join())
        assert.deepEqual(found.nameless, [])
        assert.equal(new Set(found.ids).size, found.ids.length)
        assert.equal(found.lang, 'en')
        assert.ok(found.title.length > 0)
        assert.equal(found.wide, false)
      }),
    )
  }
})

test('text stands out from its ground by 4.5 to 1, in light and in dark', { skip }, async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const place of Object.values(places)) {
      const weak = await visit(place, (page) => page.evaluate(weakTexts), { colorScheme })
      assert.deepEqual(weak, [], `${place} ${colorScheme}`)
    }
  }
})

test('it fits a narrow screen, and text that is made twice as large', { skip }, async () => {
  for (const place of Object.values(places)) {
    await visit(
      place,
      async (page) => {
        const overflow = () =>
          page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        assert.equal(await overflow(), 0, place)
      },
      { viewport: { width: 320, height: 640 } },
    )
  }
})

/** Runs in the browser: texts whose contrast is too low. Gradients count as their darkest and lightest part. */
function weakTexts(): string[] {
  const parse = (text: string) => (text.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = ([r = 0, g = 0, b = 0]: number[]) => {
    const part = (value: number) =>
      value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
  }
  const grounds = (element: Element | null): number[][] => {
    if (element === null) return [[255, 255, 255]]
    const { backgroundColor, backgroundImage } = getComputedStyle(element)
    if (backgroundImage !== 'none') return (backgroundImage.match(/rgba?\([^)]*\)/g) ?? []).map(parse)
    const color = parse(backgroundColor)
    return (color[3] ?? 1) === 0 || color.length === 0 ? grounds(element.parentElement) : [color]
  }
  const weak: string[] = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
    const element = node.parentElement
    if (element === null || node.textContent?.trim() === '' || element.closest('svg, .skip, caption, meter') !== null)
      continue
    const own = luminance(parse(getComputedStyle(element).color))
    for (const ground of grounds(element)) {
      const other = luminance(ground)
      const ratio = (Math.max(own, other) + 0.05) / (Math.min(own, other) + 0.05)
      if (ratio < 4.5) weak.push(`${ratio.toFixed(2)} ${node.textContent?.trim()}`)
    }
  }
  return weak
}
