// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { clausesOf, type RegistryCase } from './clauses.ts'
import { configOf, manifestOf } from './content.ts'
import type { RegistryContext } from './context.ts'
import { assertRefused } from './refusal.ts'
import { digestOf, nextPage } from './wire.ts'

const tags = clausesOf('Listing Tags (end-8a, end-8b)', 'push')
const catalog = clausesOf('Listing repositories (_catalog)', 'push', 'catalog')

/** A repository of one image with tags, put in no order. */
async function tagged(registry: RegistryContext, names: readonly string[]): Promise<string> {
  const repository = registry.fresh()
  await registry.pushBlob(configOf(), repository)
  const body = manifestOf({ config: configOf(), layers: [] })
  for (const name of names) assert.equal((await registry.putManifest(name, body, { repository })).status, 201)
  return repository
}

/** The tags of a page, and what it says of the next. */
async function page(registry: RegistryContext, path: string): Promise<{ names: string[]; next: string | undefined }> {
  const reply = await registry.request('GET', path)
  assert.equal(reply.status, 200, `${path}: ${reply.body}`)
  const { tags: names } = JSON.parse(reply.body.toString()) as { tags: string[] | null }
  return { names: names ?? [], next: nextPage(reply) }
}

const list = ['b', 'a', 'd', 'c', 'e']
const sorted = [...list].sort()

export const discoveryCases: readonly RegistryCase[] = [
  tags.must('answer with 200, the name of the repository and its tags', async (registry) => {
    const repository = await tagged(registry, list)
    const reply = await registry.request('GET', registry.path('tags/list', repository))
    assert.equal(reply.status, 200)
    assert.match(String(reply.headers['content-type']), /^application\/json/)
    const body = JSON.parse(reply.body.toString())
    assert.equal(body.name, repository)
    assert.deepEqual([...body.tags].sort(), sorted)
  }),
  tags.must('list in lexical order, of letters alike or of bytes', async (registry) => {
    const repository = await tagged(registry, ['b1', 'A2', 'a10', 'B3', '_x', '0'])
    const { names } = await page(registry, registry.path('tags/list', repository))
    const folded = [...names].sort((one, other) => (one.toLowerCase() < other.toLowerCase() ? -1 : 1))
    assert.ok([folded.join(), [...names].sort().join()].includes(names.join()), names.join())
  }),
  tags.must('answer a repository that does not exist with 404', async (registry) => {
    const reply = await registry.request('GET', registry.path('tags/list', registry.fresh()))
    assertRefused(reply, 404, 'NAME_UNKNOWN')
  }),
  tags.may('be empty for a repository that has manifests only', async (registry) => {
    const repository = registry.fresh()
    await registry.pushBlob(configOf(), repository)
    const body = manifestOf({ config: configOf(), layers: [] })
    assert.equal((await registry.putManifest(digestOf(body), body, { repository })).status, 201)
    const reply = await registry.request('GET', registry.path('tags/list', repository))
    if (reply.status === 404) return assertRefused(reply, 404, 'NAME_UNKNOWN')
    assert.deepEqual((await page(registry, registry.path('tags/list', repository))).names, [])
  }),
  tags.must('include as many as `n` says, from the beginning, when there are so many', async (registry) => {
    const repository = await tagged(registry, list)
    for (const count of [1, 2, 5, 50]) {
      const { names, next } = await page(registry, registry.path(`tags/list?n=${count}`, repository))
      assert.ok(names.length === Math.min(count, list.length) || next !== undefined, `${names.length} of ${count}`)
      assert.deepEqual(names, sorted.slice(0, names.length))
      if (count >= list.length) assert.equal(next, undefined)
    }
  }),
  tags.must('give an empty list and no link for an `n` of 0', async (registry) => {
    const repository = await tagged(registry, list)
    assert.deepEqual(await page(registry, registry.path('tags/list?n=0', repository)), { names: [], next: undefined })
  }),
  tags.must('lead from page to page by Link, by every tag once', async (registry) => {
    const repository = await tagged(registry, list)
    const found: string[] = []
    for (
      let path: string | undefined = registry.path('tags/list?n=2', repository), pages = 0;
      path !== undefined;
      pages++
    ) {
      assert.ok(pages < 10, 'pages without end')
      const { names, next } = await page(registry, path)
      found.push(...names)
      path = next
    }
    assert.deepEqual(found, sorted)
  }),
  tags.must('begin behind `last`, whether it is there or not', async (registry) => {
    const repository = await tagged(registry, list)
    for (const [query, expected] of [
      ['n=2&last=b', ['c', 'd']],
      ['n=9&last=bb', ['c', 'd', 'e']],
      ['last=c', ['d', 'e']],
      ['n=2&last=e', []],
    ] as const)
      assert.deepEqual((await page(registry, registry.path(`tags/list?${query}`, repository))).names, expected, query)
  }),

  catalog.may('give the names of repositories by page, each once', async (registry) => {
    const names = [await tagged(registry, ['x']), await tagged(registry, ['x'])].sort()
    const found: string[] = []
    for (let path: string | undefined = '/v2/_catalog?n=100'; path !== undefined; ) {
      const reply = await registry.request('GET', path)
      assert.equal(reply.status, 200)
      const { repositories } = JSON.parse(reply.body.toString()) as { repositories: string[] }
      assert.ok(repositories.length <= 100)
      found.push(...repositories)
      path = nextPage(reply)
    }
    assert.deepEqual(found.filter((name) => names.includes(name)).sort(), names)
    assert.equal(new Set(found).size, found.length, 'a name comes twice')
  }),
]
