// SPDX-License-Identifier: Apache-2.0
export type { CallOptions, MessageCodec, MethodDefinition, Service, ServiceDefinition } from './service.ts'
