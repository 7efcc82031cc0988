// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { proxiesOf, proxyFinder } from './proxy.ts'

const http = 'http://proxy:3128'
const cases: [none: string, url: string, direct: boolean][] = [
  ['', 'http://registry.example/', false],
  ['', 'http://localhost:5000/', true],
  ['', 'http://127.8.9.1:5000/', true],
  ['', 'http://[::1]:5000/', true],
  ['', 'http://localhost.example/', false],
  ['*', 'http://registry.example/', true],
  ['registry.example', 'http://registry.example/', true],
  ['registry.example', 'http://REGISTRY.example:5000/', true],
  ['registry.example', 'http://eu.registry.example/', true],
  ['registry.example', 'http://myregistry.example/', false],
  ['.registry.example', 'http://registry.example/', false],
  ['*.registry.example', 'http://eu.registry.example/', true],
  ['registry.example:5000', 'http://registry.example:5000/', true],
  ['registry.example:5000', 'http://registry.example/', false],
  ['registry.example:80', 'http://registry.example/', true],
  ['10.1.2.3', 'http://10.1.2.3:5000/', true],
  ['10.0.0.0/8', 'http://10.1.2.3:5000/', true],
  ['10.0.0.0/8', 'http://11.1.2.3/', false],
  ['10.0.0.0/8', 'http://ten.example/', false],
  ['fd00::/8', 'http://[fd12::1]:5000/', true],
  ['fd12::1', 'http://[fd12::1]/', true],
  ['[fd12::1]:5000', 'http://[fd12::1]:5000/', true],
  ['[fd12::1]:5000', 'http://[fd12::1]:5001/', false],
  ['a.example, b.example  c.example', 'http://c.example/', true],
  ['10.0.0.0/99', 'http://10.1.2.3/', false],
]

for (const [none, url, direct] of cases) {
  test(`with NO_PROXY=${JSON.stringify(none)}, ${url} is reached ${direct ? 'directly' : 'through the proxy'}`, () => {
    assert.equal(proxyFinder({ http, none })(new URL(url))?.href, direct ? undefined : 'http://proxy:3128/')
  })
}

test('each scheme has its proxy', () => {
  const find = proxyFinder({ http: 'one:1', https: 'socks5://two:2' })
  assert.equal(find(new URL('http://r/'))?.href, 'http://one:1/')
  assert.equal(find(new URL('https://r/'))?.href, 'socks5://two:2')
  assert.equal(proxyFinder({})(new URL('https://r/')), undefined)
})

test('the environment is read in either case, but not for a CGI program', () => {
  assert.deepEqual(proxiesOf({ HTTP_PROXY: 'a', https_proxy: 'b', no_proxy: 'c' }), {
    http: 'a',
    https: 'b',
    none: 'c',
  })
  assert.deepEqual(proxiesOf({ HTTP_PROXY: 'evil', REQUEST_METHOD: 'GET' }), {})
  assert.deepEqual(proxiesOf({ HTTP_PROXY: '' }), {})
})

test('a proxy that is no url is an error that tells no password', () => {
  assert.throws(
    () => proxyFinder({ http: 'ftp://me:secret@proxy' }),
    (error: Error) => /proxy "proxy" is no url/.test(error.message) && !error.message.includes('secret'),
  )
})
