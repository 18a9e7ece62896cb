/** Server reflection (v1 and v1alpha): lets `buf curl` and `grpcurl` call us without our `.proto` files. */
import { toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ReflectionService } from '@grpc/reflection';
import type { StreamHost } from './streams.ts';
import { descriptors } from './validate.ts';

/**
 * Adds both versions of the reflection service.
 *
 * The library takes its descriptors from loaded packages, but what protobufjs has loaded has lost every
 * `json_name`, and with it `orderID`. Of a package it reads only the encoded files, so it gets those as buf
 * compiled them.
 */
export function addReflection(host: StreamHost): void {
  const fileDescriptorProtos = descriptors.file.map((file) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, file)),
  );
  const contracts = { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos } as const;
  new ReflectionService({ contracts }).addToServer(host);
}
