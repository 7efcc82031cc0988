// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { processorTime } from '../../../../../scripts/processor-time.mjs'
import { askedScopes, formatScope, includesAccess, neededAccess, parseScope } from './access.ts'
import { parseBasic, parseBearer } from './basic.ts'
import { checkGlob, matchesGlob } from './glob.ts'
import { AccessRules, parseAccessRule } from './rules.ts'

test('patterns', () => {
  for (const [pattern, yes, no] of [
    ['team/app', ['team/app'], ['team/app2', 'team', 'a/team/app']],
    ['team/*', ['team/a', 'team/'], ['team', 'team/a/b']],
    ['team/**', ['team/a', 'team/a/b/c'], ['team', 'teams/a']],
    ['**', ['', 'a', 'a/b'], []],
    ['*', ['', 'a'], ['a/b']],
    ['**/app', ['a/app', 'a/b/app', '/app'], ['app', 'a/apps']],
    ['release-*', ['release-1'], ['release', 'prerelease-1']],
    ['a.c', ['a.c'], ['abc']],
    ['v*.*', ['v1.2', 'v.'], ['v1']],
  ] as [string, string[], string[]][]) {
    for (const name of yes) assert.ok(matchesGlob(pattern, name), `${pattern} ${name}`)
    for (const name of no) assert.ok(!matchesGlob(pattern, name), `${pattern} ${name}`)
  }
  for (const pattern of ['', ' ', 'a b', 'ä', 'x'.repeat(513)])
    assert.throws(() => checkGlob(pattern, 'here'), /^StackError: here: /)
})

test('patterns agree with regular expressions, and hostile ones end', () => {
  const letter = fc.constantFrom('a', 'b', '/', '*', '.')
  fc.assert(
    fc.property(
      fc.array(letter, { maxLength: 12 }),
      fc.array(fc.constantFrom('a', 'b', '/', '.'), { maxLength: 12 }),
      (parts, name) => {
        const pattern = parts.join('')
        const expression = pattern.replace(/\./g, '\\.').replace(/\*\*|\*/g, (star) => (star === '*' ? '[^/]*' : '.*'))
        assert.equal(matchesGlob(pattern, name.join('')), new RegExp(`^${expression}$`, 's').test(name.join('')))
      },
    ),
  )
  const pattern = '*a'.repeat(200)
  const time = processorTime(() => assert.equal(matchesGlob(pattern, `${'a'.repeat(255)}b`), false))
  assert.ok(time < 500_000, `${time} µs`)
})

test('rules add up', () => {
  const rules = new AccessRules(['alice,carol=**:*', 'release-*=team/**:pull,push', '*=public/**:pull'], ['open/*'])
  const may = (user: string | undefined, name: string) =>
    (['pull', 'push', 'delete'] as const).filter((action) => rules.allows(user, name, action)).join()
  assert.equal(may('alice', 'any/thing'), 'pull,push,delete')
  assert.equal(may('release-7', 'team/a/b'), 'pull,push')
  assert.equal(may('bob', 'team/a'), '')
  assert.equal(may('bob', 'public/a'), 'pull')
  assert.equal(may(undefined, 'public/a'), '')
  assert.equal(may(undefined, 'open/a'), 'pull')
  assert.equal(may(undefined, 'open/a/b'), '')
  assert.equal(new AccessRules([], []).allows('bob', 'x', 'delete'), true)
  assert.equal(new AccessRules([], []).allows(undefined, 'x', 'pull'), false)
  for (const text of [
    '',
    'a',
    'a=b',
    'a=b:',
    '=b:pull',
    'a=:pull',
    'a=b:pull,',
    'a=b:Pull',
    'a=b:pull push',
    ',=b:pull',
  ]) {
    assert.throws(() => parseAccessRule(text), { code: 'invalid-argument' }, text)
  }
})

test('scopes', () => {
  assert.deepEqual(parseScope('repository:a/b:pull,push,pull'), {
    type: 'repository',
    name: 'a/b',
    actions: ['pull', 'push'],
  })
  assert.deepEqual(parseScope('repository(plugin):host:5000/a:*'), {
    type: 'repository',
    name: 'host:5000/a',
    actions: ['*'],
  })
  assert.deepEqual(parseScope('registry:catalog:*'), { type: 'registry', name: 'catalog', actions: ['*'] })
  for (const text of ['', 'a', 'a:b', ':b:c', 'a::c']) assert.equal(parseScope(text), undefined, text)
  fc.assert(
    fc.property(fc.string(), (text) => {
      const scope = parseScope(text)
      assert.ok(scope === undefined || parseScope(formatScope(scope)) !== undefined)
    }),
  )
  const push = neededAccess({ kind: 'uploads', name: 'a' }, 'POST')
  assert.deepEqual(askedScopes(push, 'b'), ['repository:a:pull,push', 'repository:b:pull'])
  const needed = { type: 'repository', name: 'a', actions: ['pull'] }
  assert.ok(includesAccess([{ type: 'repository', name: 'a', actions: ['*'] }], needed))
  assert.ok(!includesAccess([{ type: 'repository', name: 'A', actions: ['*'] }], needed))
  assert.ok(!includesAccess([{ type: 'registry', name: 'a', actions: ['pull'] }], needed))
  assert.ok(!includesAccess([], needed))
})

test('headers', () => {
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  assert.deepEqual(parseBasic(`basic ${encoded('a:b:c')}`), { user: 'a', password: 'b:c' })
  assert.deepEqual(parseBasic(`Basic  ${encoded('ü:ö')} `), { user: 'ü', password: 'ö' })
  for (const header of [
    '',
    'Basic',
    `Basic ${encoded('a')}`,
    'Basic a b',
    `Bearer ${encoded('a:b')}`,
    `Basic ${encoded(`a:${'b'.repeat(9000)}`)}`,
  ]) {
    assert.equal(parseBasic(header), undefined, header.slice(0, 32))
  }
  assert.equal(parseBearer('bearer x.y.z'), 'x.y.z')
  for (const header of ['', 'Bearer', 'Bearer a b', `Bearer ${'a'.repeat(40_000)}`, 'Basic x'])
    assert.equal(parseBearer(header), undefined)
})
