// SPDX-License-Identifier: Apache-2.0
// The worker thread of `PasswordHasher`: compares one password with one hash at a time.
import { parentPort } from 'node:worker_threads'
import bcrypt from 'bcryptjs'
import type { ComparisonRequest, ComparisonResult } from '../server/auth/password-hasher.ts'

parentPort?.on('message', ({ id, password, hash }: ComparisonRequest) => {
  const result: ComparisonResult = { id, isEqual: bcrypt.compareSync(password, hash) }
  parentPort?.postMessage(result)
})
