// SPDX-License-Identifier: Apache-2.0
import { type Decoder, struct, text } from '../body/decoder.ts'
import type { AuthConfig } from './types.ts'

/** Decodes the body of `POST /auth`. @public */
export const decodeAuthConfig: Decoder<AuthConfig> = struct<AuthConfig>('AuthConfig', {
  username: text,
  password: text,
  email: text,
  serveraddress: text,
  identitytoken: text,
  registrytoken: text,
})
