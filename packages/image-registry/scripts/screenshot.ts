// SPDX-License-Identifier: Apache-2.0
// Takes the pictures of the page that the documents show:
//   node --conditions=teu-source packages/image-registry/scripts/screenshot.ts [FOLDER]
// Into another folder than docs/images go all pages whole, light and dark. Needs Chromium; CHROMIUM names another one
// than /usr/bin/chromium.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRegistry } from '@teu/image-registry/server'
import { type Browser, chromium } from 'playwright-core'
import { fillRegistry } from '../test/web-images.ts'

const own = fileURLToPath(new URL('../docs/images/', import.meta.url))
const folder = process.argv[2] ?? own
const isWhole = folder !== own

/** Opens a page and keeps what it shows from an element on. */
async function take(
  browser: Browser,
  url: string,
  from: string,
  name: string,
  colorScheme: 'light' | 'dark' = 'light',
) {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1000, height: 640 } })
  await page.goto(url)
  await page.locator(from).evaluate((element) => element.scrollIntoView())
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: isWhole })
  await page.close()
}

await using registry = await createRegistry({ listen: 'localhost:5000' })
const signed = await fillRegistry(registry.url)
const pages = [
  ['repositories', '/', 'header'],
  ['tags', '/repositories/web/shop', 'header'],
  ['index', '/repositories/web/shop:latest', 'header'],
  ['image', `/repositories/web/shop@${signed}`, '#layers'],
] as const
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--force-color-profile=srgb'],
})
try {
  for (const [name, place, from] of pages) {
    if (!isWhole && (name === 'index' || name === 'tags')) continue
    await take(browser, registry.url + place, from, `page-${name}`)
    if (isWhole) await take(browser, registry.url + place, from, `page-${name}-dark`, 'dark')
  }
} finally {
  await browser.close()
}
