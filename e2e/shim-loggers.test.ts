// SPDX-License-Identifier: Apache-2.0
// `ctr run --log-uri` of Debian's containerd: a logging program and a file, by its own shim and by ours.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Ctr } from './harness/ctr.ts'
import { startContainerd } from './harness/originals.ts'
import { sandboxTest, until } from './harness/sandbox.ts'

for (const runtime of ['io.containerd.runc.v2', 'io.containerd.teu.v1']) {
  sandboxTest(`${runtime}: a logging program and a file of ctr take the output`, async (sandbox) => {
    const ctr = new Ctr(sandbox, await startContainerd(sandbox))
    await ctr.importBusybox()
    const log = sandbox.path('log')
    const program = sandbox.path('logger')
    const lines = [
      '#!/bin/bash',
      `trap '' TERM`,
      `echo "$* $CONTAINER_ID $CONTAINER_NAMESPACE" >'${log}'`,
      'exec 5>&-',
      `cat <&3 | sed 's/^/out: /' >>'${log}'`,
      `cat <&4 | sed 's/^/err: /' >>'${log}'`,
      `echo end >>'${log}'`,
    ]
    writeFileSync(program, `${lines.join('\n')}\n`)
    chmodSync(program, 0o755)
    const flags = ['-d', '--runtime', runtime, '--log-uri']
    const script = 'echo one; echo two >&2; exit 3'
    await ctr.start('logged', [...flags, `binary://${program}?to=here`], ['sh', '-c', script])
    await ctr.reaches('logged', 'STOPPED')
    assert.equal(await ctr.remove('logged'), 3)
    await until('the log is whole', () => existsSync(log) && readFileSync(log, 'utf8').endsWith('end\n'))
    assert.equal(readFileSync(log, 'utf8'), `to here ${ctr.id('logged')} default\nout: one\nerr: two\nend\n`)

    const file = sandbox.path('some/where/file.log')
    await ctr.start('filed', [...flags, `file://${file}`], ['sh', '-c', script])
    await ctr.reaches('filed', 'STOPPED')
    assert.equal(await ctr.remove('filed'), 3)
    const told = readFileSync(file, 'utf8').trim().split('\n').sort()
    // The original may close the file with the first stream that ends; then the other's line is lost.
    if (runtime === 'io.containerd.teu.v1' || told.length > 1) assert.deepEqual(told, ['one', 'two'])
    else assert.match(told.join(), /^(one|two)$/)
  })
}
