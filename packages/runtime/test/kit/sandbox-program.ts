// SPDX-License-Identifier: Apache-2.0
// A program that uses sandboxes: `report` says what one is like for who runs this, `stay STATE CGROUP` starts one that
// runs until it is killed, prints its pid, and waits for that, `churn COUNT` runs one after the other.
import { text } from 'node:stream/consumers'
import { type SandboxOptions, sandbox } from '@teu/runtime'

const [mode, stateDirectory = '', cgroupParent = ''] = process.argv.slice(2)
if (mode === 'stay') {
  const box = await sandbox(['sleep', '1000'], { stateDirectory, cgroupParent })
  process.stdout.write(`${box.pid}\n`)
  await box.exited
} else if (mode === 'churn') {
  for (let count = Number(stateDirectory); count > 0; count--) {
    const { exit } = await run(['true'])
    if (exit.exitCode !== 0) throw new Error(`exit ${exit.exitCode}`)
  }
} else {
  const script =
    'id -u; grep -E "^Cap(Eff|Bnd)" /proc/self/status; cat /proc/self/uid_map; ls /proc/sys/net/ipv4/conf | grep -x lo; touch /usr/x; exit 3'
  const { output, errors, exit } = await run(['sh', '-c', script])
  const limits = { memoryBytes: 32 << 20, pids: 5 }
  const hungry = await run(['sh', '-c', 'x=$(head -c 200m /dev/zero | tr "\\0" a); echo "$x" | wc -c'], { limits })
  const many = await run(['sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1 & done; wait'], { limits })
  const cpus = await run(['true'], { limits: { cpus: 1 } }).catch((error: Error) => ({ errors: error.message }))
  const report = { output, errors, exit, hungry: hungry.output, many: many.errors, cpus: cpus.errors }
  process.stdout.write(JSON.stringify(report))
}

async function run(args: string[], options: SandboxOptions = {}) {
  await using box = await sandbox(args, options)
  box.stdin.end()
  const [output, errors] = await Promise.all([text(box.stdout), text(box.stderr)])
  return { output, errors, exit: await box.exited }
}
