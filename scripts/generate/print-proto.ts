/**
 * Prints a file descriptor as proto2 source.
 *
 * It is for `buf/validate/validate.proto`, which npm has as a descriptor only. An importer needs its names,
 * numbers, types and extensions, and a compiler for Go or Java the package that the file generates. Other
 * options, comments, reserved numbers and extension ranges are left out.
 */
import type { DescEnum, DescExtension, DescField, DescFile, DescMessage } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type } from '@bufbuild/protobuf/wkt';

/**
 * Prints a file without nested types, maps and groups.
 *
 * @throws when a message has a nested type, which is not supported.
 */
export function printProto(file: DescFile): string {
  return `${[
    'syntax = "proto2";',
    `package ${file.proto.package};`,
    ...file.proto.dependency.map((path) => `import "${path}";`),
    ...printOptions(file),
    ...file.extensions.flatMap(printExtension),
    ...file.messages.flatMap(printMessage),
    ...file.enums.flatMap(printEnum),
  ].join('\n')}\n`;
}

function printOptions({ proto: { options } }: DescFile): string[] {
  if (options === undefined) return [];
  return [
    `option go_package = "${options.goPackage}";`,
    `option java_package = "${options.javaPackage}";`,
    `option java_multiple_files = ${options.javaMultipleFiles};`,
  ];
}

function printExtension(extension: DescExtension): string[] {
  return [`extend .${extension.extendee.typeName} {`, `  ${printField(extension)}`, '}'];
}

function printMessage(message: DescMessage): string[] {
  if (message.nestedMessages.length + message.nestedEnums.length + message.nestedExtensions.length > 0) {
    throw new Error(`${message.typeName} has nested types, which are not printed`);
  }
  const members = message.members.flatMap((member) =>
    member.kind === 'oneof'
      ? [`  oneof ${member.name} {`, ...member.fields.map((field) => `    ${printType(field)}`), '  }']
      : [`  ${printField(member)}`],
  );
  return [`message ${message.name} {`, ...members, '}'];
}

function printEnum(type: DescEnum): string[] {
  const values = type.values.map((value) => `  ${value.name} = ${value.number};`);
  return [`enum ${type.name} {`, ...values, '}'];
}

function printField(field: DescField | DescExtension): string {
  const label = FieldDescriptorProto_Label[field.proto.label] ?? '';
  return `${label.toLowerCase()} ${printType(field)}`;
}

function printType({ proto }: DescField | DescExtension): string {
  const type = proto.typeName || (FieldDescriptorProto_Type[proto.type] ?? '').toLowerCase();
  return `${type} ${proto.name} = ${proto.number};`;
}
