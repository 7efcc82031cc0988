// SPDX-License-Identifier: Apache-2.0
import { bool, type Decoder, integer, list, struct, text, words } from '../body/decoder.ts'
import type { ExecCreateBody, ExecStartBody } from './types.ts'

/** Decodes the body of `POST /containers/{id}/exec`. @public */
export const decodeExecCreate: Decoder<ExecCreateBody> = struct<ExecCreateBody>('ExecOptions', {
  User: text,
  Privileged: bool,
  Tty: bool,
  ConsoleSize: list(integer),
  AttachStdin: bool,
  AttachStdout: bool,
  AttachStderr: bool,
  Detach: bool,
  DetachKeys: text,
  Env: list(text),
  WorkingDir: text,
  Cmd: words,
})

/** Decodes the body of `POST /exec/{id}/start`. @public */
export const decodeExecStart: Decoder<ExecStartBody> = struct<ExecStartBody>('ExecStartOptions', {
  Detach: bool,
  Tty: bool,
  ConsoleSize: list(integer),
})
