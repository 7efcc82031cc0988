// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { createRegistry } from './create-registry.ts'

/** Addresses that no machine has, so that nothing listens there whatever becomes of the check. */
for (const listen of ['192.0.2.1:5000', '[2001:db8::1]:5000']) {
  test(`plain HTTP is refused when it would be served at ${listen}, beyond this machine`, async () => {
    await assert.rejects(createRegistry({ listen }), {
      code: 'failed-precondition',
      message: `${listen}: plain http beyond this machine: give tls, or allow http`,
    })
    await assert.rejects(createRegistry({ listen, allowHttp: true }), { code: 'unavailable' })
  })
}
