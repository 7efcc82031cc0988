// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { appArmor } from './app-armor.ts'
import { defaultProfile } from './default-profile.ts'

/** A kernel's list and a parser that notes what it is given, in a directory. */
function machine(t: TestContext, ends: string) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'teu-apparmor-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = (name: string) => path.join(directory, name)
  writeFileSync(file('profiles'), 'other (enforce)\ndocker-default-not (enforce)\n')
  const script = `#!/bin/sh\necho "$@" > '${file('arguments')}'\ncat > '${file('profile')}'\n${ends}\n`
  writeFileSync(file('parser'), script)
  chmodSync(file('parser'), 0o755)
  return { file, places: { profiles: file('profiles'), parser: file('parser'), includes: file('includes') } }
}

test('a default profile that is not loaded is loaded, and one that is loaded is left alone', async (t) => {
  const { file, places } = machine(t, `echo 'docker-default (enforce)' >> "$(dirname "$0")/profiles"`)
  const subject = appArmor(true, places)
  assert.equal(subject.hasDefault, true)
  await subject.ensureDefault()
  assert.equal(readFileSync(file('arguments'), 'utf8'), '-Kr\n')
  assert.equal(readFileSync(file('profile'), 'utf8'), defaultProfile(false))
  rmSync(file('profile'))
  await subject.ensureDefault()
  assert.equal(existsSync(file('profile')), false)
})

test("AppArmor's own includes are used where they are", async (t) => {
  const { file, places } = machine(t, 'exit 0')
  for (const name of ['tunables/global', 'abstractions/base']) {
    mkdirSync(path.dirname(file(`includes/${name}`)), { recursive: true })
    writeFileSync(file(`includes/${name}`), '')
  }
  await appArmor(true, places).ensureDefault()
  assert.match(
    readFileSync(file('profile'), 'utf8'),
    /^#include <tunables\/global>[\s\S]*#include <abstractions\/base>/,
  )
})

test('a profile that cannot be loaded is said, with the reason', async (t) => {
  const { places } = machine(t, `echo 'syntax error, line 3' >&2; exit 1`)
  const text = 'AppArmor enabled on system but the docker-default profile could not be loaded: '
  await assert.rejects(appArmor(true, places).ensureDefault(), {
    message: `${text}apparmor_parser ended with 1: syntax error, line 3`,
  })
})

test('there is no default without AppArmor in the kernel', (t) => {
  const { places } = machine(t, 'exit 0')
  assert.equal(appArmor(false, places).hasDefault, false)
})
