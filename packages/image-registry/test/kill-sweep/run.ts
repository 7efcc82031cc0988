// SPDX-License-Identifier: Apache-2.0
// `npm run kill-sweep -w packages/image-registry [-- WORD]`: a server is killed at every step of every operation, or of
// those with WORD in their name.
import { operations } from './operations.ts'
import { sweep } from './sweep.ts'

const word = process.argv[2] ?? ''
let kills = 0
for (const operation of operations.filter(({ name }) => name.includes(word))) {
  const steps = new Map<string, number>()
  const last = await sweep(operation, {
    onKill({ step, number }) {
      if (step === undefined) return
      kills++
      steps.set(step, (steps.get(step) ?? 0) + 1)
      process.stderr.write(`${operation.name}: killed at ${number}, ${step}\n`)
    },
  })
  const list = [...steps].map(([step, count]) => `${step} ×${count}`).join(', ')
  process.stdout.write(`${operation.name}: through at ${last}; killed at ${list}\n`)
}
process.stdout.write(
  `${kills} kills: nothing acknowledged was lost, nothing was left broken, everything could be repeated\n`,
)
