// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import type { ContainerConfig } from '@teu/engine-api'
import { containerEnvironment, defaultPath } from './environment.ts'
import { commandOf, mergeImageConfig } from './merge-config.ts'

const both = { Entrypoint: ['/entry'], Cmd: ['cmd', 'arg'] }

const commands: [string, ContainerConfig, Partial<ContainerConfig>, string[]][] = [
  ['the image decides alone', {}, both, ['/entry', 'cmd', 'arg']],
  ['a command replaces the command', { Cmd: ['own'] }, both, ['/entry', 'own']],
  ['an entrypoint drops the command too', { Entrypoint: ['/own'] }, both, ['/own']],
  ['an entrypoint with a command', { Entrypoint: ['/own'], Cmd: ['x'] }, both, ['/own', 'x']],
  ['an empty entrypoint drops it', { Entrypoint: [''], Cmd: ['x'] }, both, ['x']],
  ['an empty list is an entrypoint', { Entrypoint: [] }, both, ['cmd', 'arg']],
]

for (const [title, own, image, expected] of commands) {
  test(title, () => assert.deepEqual(commandOf(mergeImageConfig(own, image)), expected))
}

test('nothing to run is refused', () => {
  assert.throws(() => mergeImageConfig({}, {}), { code: 'invalid-argument', message: 'no command specified' })
  assert.throws(() => mergeImageConfig({ Entrypoint: [''] }, { Entrypoint: ['/entry'] }), {
    message: 'no command specified',
  })
})

test('fields fall back to the image, maps and variables join', () => {
  const image = {
    ...both,
    User: 'al',
    WorkingDir: '/srv',
    Env: ['PATH=/bin', 'A=image', 'B=image'],
    Labels: { a: '1', b: '1' },
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/data': {} },
    StopSignal: 'SIGINT',
  }
  const merged = mergeImageConfig({ Env: ['A=own', 'C'], Labels: { b: '2' }, ExposedPorts: { '90/tcp': {} } }, image)
  assert.deepEqual(merged.Env, ['A=own', 'C', 'PATH=/bin', 'B=image'])
  assert.deepEqual(merged.Labels, { a: '1', b: '2' })
  assert.deepEqual(merged.ExposedPorts, { '80/tcp': {}, '90/tcp': {} })
  assert.deepEqual([merged.User, merged.WorkingDir, merged.StopSignal], ['al', '/srv', 'SIGINT'])
  assert.equal(mergeImageConfig({ User: '0' }, image).User, '0')
})

test('a health check is merged field by field', () => {
  const image = { ...both, Healthcheck: { Test: ['CMD', 'true'], Interval: 5, Retries: 3 } }
  const { Healthcheck } = mergeImageConfig({ Healthcheck: { Interval: 9 } }, image)
  assert.deepEqual(Healthcheck?.Test, ['CMD', 'true'])
  assert.deepEqual([Healthcheck?.Interval, Healthcheck?.Retries], [9, 3])
  assert.equal('Healthcheck' in mergeImageConfig({}, both), false)
})

test('the environment of a process', () => {
  const of = (env: string[], terminal = false) => containerEnvironment({ env, hostname: 'h', terminal })
  assert.deepEqual(of([]), [`PATH=${defaultPath}`, 'HOSTNAME=h'])
  assert.deepEqual(of(['A=1', 'PATH=/x', 'A=2'], true), ['PATH=/x', 'HOSTNAME=h', 'TERM=xterm', 'A=2'])
  assert.deepEqual(of(['HOSTNAME', 'EMPTY=', 'E=a=b']), [`PATH=${defaultPath}`, 'EMPTY=', 'E=a=b'])
  assert.deepEqual(of(['__proto__=x']), [`PATH=${defaultPath}`, 'HOSTNAME=h', '__proto__=x'])
})
