// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Hook } from '@teu/oci-spec/runtime'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

test('all six kinds of hook run in order, each with the state of its moment', rooted, async () => {
  await using workshop = new Workshop()
  const log = join(workshop.directory, 'log')
  const write = (kind: string, target = log): Hook => ({
    path: '/bin/sh',
    args: ['sh', '-c', `echo "${kind} $(readlink /proc/self/ns/uts) $VALUE $(cat)" >> ${target}`],
    env: ['PATH=/bin:/usr/bin', `VALUE=${kind}`],
  })
  const inContainer: Hook = { path: '/bin/sh', args: ['sh', '-c', 'echo "startContainer x x $(cat)" >> /tmp/log'] }
  inContainer.env = ['PATH=/bin']
  const bundle = workshop.bundle(['cat', '/tmp/log'], (spec) => {
    spec.root.readonly = false
    spec.hooks = {
      prestart: [write('prestart')],
      createRuntime: [write('createRuntime')],
      createContainer: [write('createContainer')],
      startContainer: [inContainer],
      poststart: [write('poststart')],
      poststop: [write('poststop')],
    }
  })
  const { output } = await workshop.runBundle(bundle)
  const inside = parse(output)
  const outside = parse(readFileSync(log, 'utf8'))
  assert.deepEqual(
    outside.map(({ kind, state }) => [kind, state.status]),
    [
      ['prestart', 'creating'],
      ['createRuntime', 'creating'],
      ['createContainer', 'creating'],
      ['poststart', 'running'],
      ['poststop', 'stopped'],
    ],
  )
  const [prestart, createRuntime, createContainer] = outside
  assert.equal(prestart?.namespace, createRuntime?.namespace)
  assert.notEqual(createContainer?.namespace, prestart?.namespace)
  assert.equal(createContainer?.state.pid, 1)
  assert.ok((createRuntime?.state.pid ?? 0) > 1)
  assert.equal(createRuntime?.state.bundle, bundle)
  assert.deepEqual(
    inside.map(({ kind, state }) => [kind, state.status, state.pid]),
    [['startContainer', 'created', 1]],
  )
})

test('a hook that fails or takes too long ends the container', rooted, async () => {
  await using workshop = new Workshop()
  const failing = { path: '/bin/sh', args: ['sh', '-c', 'echo oops >&2; exit 3'] }
  const slow = { path: '/bin/sleep', args: ['sleep', '1000'], timeout: 1 }
  const hooked = (hooks: Record<string, Hook[]>) =>
    workshop.run(['true'], (spec) => {
      spec.hooks = hooks
    })
  await assert.rejects(
    hooked({ prestart: [failing] }),
    /error running hook #0: error running hook: exit status 3, stdout: , stderr: oops/,
  )
  await assert.rejects(
    hooked({ createContainer: [failing] }),
    /error running hook #0: error running hook: exit status 3, output: oops/,
  )
  await assert.rejects(hooked({ startContainer: [failing] }), /error running hook #0: /)
  await assert.rejects(hooked({ createRuntime: [slow] }), /hook ran past specified timeout/)
  await assert.rejects(hooked({ createContainer: [slow] }), /hook ran past specified timeout/)
  await assert.rejects(hooked({ createRuntime: [{ path: '/nope' }] }), /fork\/exec \/nope: no such file or directory/)
  const poststart = workshop.bundle(['sleep', '1000'], (spec) => {
    spec.hooks = { poststart: [failing] }
  })
  await assert.rejects(workshop.runBundle(poststart), /error running hook #0/)
})

test('a poststart hook that fails leaves no container, and the poststop hooks run', rooted, async () => {
  await using workshop = new Workshop()
  const stopped = join(workshop.directory, 'stopped')
  const bundle = workshop.bundle(['sleep', '1000'], (spec) => {
    const poststop = { path: '/bin/sh', args: ['sh', '-c', `cat > ${stopped}`] }
    spec.hooks = { poststart: [{ path: '/bin/false' }], poststop: [poststop] }
  })
  const { exited, pid } = await workshop.runtime.create('c', { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
  await assert.rejects(workshop.runtime.start('c'), /error running hook #0: error running hook: exit status 1/)
  assert.deepEqual(await exited, { exitCode: 137, signalNumber: 9 })
  assert.ok(!existsSync(`/proc/${pid}`))
  assert.deepEqual(await workshop.runtime.list(), [])
  assert.equal(JSON.parse(readFileSync(stopped, 'utf8')).status, 'stopped')
})

test('a hook runs where and with what the originals give it when it names no environment', rooted, async () => {
  await using workshop = new Workshop()
  const log = join(workshop.directory, 'log')
  const hook = (kind: string, env?: string[]): Hook => ({
    path: '/bin/sh',
    args: ['sh', '-c', `echo "${kind} $(pwd -P) $OF_RUNTIME $OF_CONTAINER" >> ${log}`],
    ...(env && { env }),
  })
  const inside = { path: '/bin/sh', args: ['sh', '-c', 'echo "$(pwd) $OF_RUNTIME $OF_CONTAINER $HOME" > /tmp/log'] }
  const bundle = workshop.bundle(['cat', '/tmp/log'], (spec) => {
    spec.root.readonly = false
    spec.process.cwd = '/tmp'
    spec.process.env = ['PATH=/bin', 'OF_CONTAINER=container']
    spec.hooks = {
      prestart: [hook('prestart')],
      createRuntime: [hook('createRuntime'), hook('none', [])],
      createContainer: [hook('createContainer'), hook('nothing', [])],
      startContainer: [inside],
      poststart: [hook('poststart')],
      poststop: [hook('poststop')],
    }
  })
  process.env.OF_RUNTIME = 'runtime'
  try {
    assert.equal((await workshop.runBundle(bundle)).output, '/tmp  container /root\n')
  } finally {
    delete process.env.OF_RUNTIME
  }
  assert.deepEqual(readFileSync(log, 'utf8').split('\n'), [
    `prestart ${bundle} runtime `,
    `createRuntime ${bundle} runtime `,
    `none ${bundle}  `,
    `createContainer ${bundle}/rootfs  container`,
    `nothing ${bundle}/rootfs  `,
    `poststart ${bundle} runtime `,
    `poststop ${bundle} runtime `,
    '',
  ])
})

test('a hook that a signal has ended is told of in the words of the originals', rooted, async () => {
  await using workshop = new Workshop()
  const killed = { path: '/bin/sh', args: ['sh', '-c', 'kill -SYS $$'] }
  for (const kind of ['createRuntime', 'createContainer', 'startContainer'] as const) {
    const run = workshop.run(['true'], (spec) => {
      spec.hooks = { [kind]: [killed] }
    })
    await assert.rejects(run, /error running hook #0: error running hook: signal: bad system call, /)
  }
})

test('a poststop hook that fails is a warning, and the others run', rooted, async () => {
  await using workshop = new Workshop()
  const log = join(workshop.directory, 'log')
  const { exitCode } = await workshop.run(['true'], (spec) => {
    const last = { path: '/bin/sh', args: ['sh', '-c', `echo last > ${log}`] }
    spec.hooks = { poststop: [{ path: '/bin/false' }, { path: '/nope' }, last] }
  })
  assert.equal(exitCode, 0)
  assert.equal(readFileSync(log, 'utf8'), 'last\n')
  assert.match(workshop.warnings.join(), /error running hook #1: fork\/exec \/nope: no such file or directory/)
  assert.match(workshop.warnings.join(), /error running hook #0: error running hook: exit status 1/)
})

test('a hook sees neither descriptors nor environment of the runtime, and large states reach it', rooted, async () => {
  await using workshop = new Workshop()
  const out = join(workshop.directory, 'out')
  const script = `ls -l /proc/$$/fd | grep -cE 'memfd|anon_inode|/ns/|${workshop.root}' > ${out}; env | grep -c SECRET >> ${out}; wc -c >> ${out}`
  process.env.SECRET_OF_THE_RUNTIME = '1'
  const env = ['PATH=/bin:/usr/bin']
  for (const kind of ['createRuntime', 'createContainer'] as const) {
    await workshop.run(['true'], (spec) => {
      spec.annotations = { large: 'x'.repeat(300_000) }
      spec.hooks = { [kind]: [{ path: '/bin/sh', args: ['sh', '-c', script], env }] }
    })
    const [fds, secrets, bytes] = readFileSync(out, 'utf8').trim().split('\n').map(Number)
    assert.equal(fds, 0, kind)
    assert.equal(secrets, 0, kind)
    assert.ok((bytes ?? 0) > 300_000, kind)
  }
  assert.ok(existsSync(out))
})

function parse(
  text: string,
): { kind: string; namespace: string; state: { status: string; pid: number; bundle: string } }[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [kind = '', namespace = ''] = line.split(' ')
      return { kind, namespace, state: JSON.parse(line.slice(line.indexOf('{'))) }
    })
}
