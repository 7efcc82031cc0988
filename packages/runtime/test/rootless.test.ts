// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultSpec } from '../src/spec/default-spec.ts'
import { program } from './kit/program.ts'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

const user = { uid: 1000, gid: 1000 }

test('an unprivileged user runs a container in a user namespace, without a cgroup', rooted, async (t) => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle([])
  const state = join(workshop.directory, 'own')
  mkdirSync(state)
  spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, bundle, state])
  chmodSync(bundle, 0o711)
  const call = (...args: string[]) =>
    spawnSync(process.execPath, ['--conditions=teu-source', program, '--root', state, ...args], {
      ...user,
      env: { PATH: process.env.PATH ?? '', XDG_RUNTIME_DIR: state },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      timeout: 30_000,
    })
  const spec = defaultSpec(user)
  Object.assign(spec.process ?? {}, {
    terminal: false,
    args: ['sh', '-c', 'id -u; cat /proc/self/uid_map; touch /dev/shm/x && echo made'],
  })
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec))
  if (!readable(program)) return t.skip('the sources cannot be read by an unprivileged user')
  const ran = call('run', '--bundle', bundle, 'c')
  assert.equal(ran.stderr, '')
  assert.match(ran.stdout, /^0\n +0 +1000 +1\nmade\n$/)
  Object.assign(spec.process ?? {}, { args: ['sleep', '1000'] })
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec))
  const output = { stdio: 'ignore' } as const
  const create = ['--conditions=teu-source', program, '--root', state, 'create', '--bundle', bundle, 'd']
  assert.equal(spawnSync(process.execPath, create, { ...user, ...output }).status, 0)
  assert.equal(JSON.parse(call('state', 'd').stdout).status, 'created')
  assert.equal(call('start', 'd').status, 0)
  assert.equal(JSON.parse(call('state', 'd').stdout).status, 'running')
  assert.equal(call('exec', 'd', 'id', '-u').stdout, '0\n')
  assert.match(call('pause', 'd').stderr, /container has no cgroup/)
  assert.equal(call('delete', '--force', 'd').status, 0)
})

function readable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return spawnSync('test', ['-r', file], user).status === 0
  } catch {
    return false
  }
}
