// Messages to JSON, by reflection: several times faster than protobuf's own printer, which goes by
// way of the binary form, and never a failure for text that is no UTF-8.

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/stubs/strutil.h>
#include <google/protobuf/timestamp.pb.h>

#include <map>

#include "lib/base/check.h"
#include "lib/base/time.h"
#include "lib/wire/json.h"
#include "lib/wire/utf8.h"

namespace wire {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr std::string_view replacement = "\xef\xbf\xbd";

void print_escaped(char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\';
}

void print_string(std::string_view text, std::string& out) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const auto start = i;
    while (i < text.size() && is_plain(text[i])) ++i;
    out += text.substr(start, i - start);
    if (i == text.size()) break;
    const auto length = utf8_length(text.substr(i));
    if (length > 1) {
      out += text.substr(i, length);
    } else if (length == 1) {
      print_escaped(text[i], out);
    } else {
      out += replacement;
    }
    i += length == 0 ? 1 : length;
  }
  out += '"';
}

/// RFC 3339 with as many digits of the second as there are.
void print_timestamp(const google::protobuf::Timestamp& timestamp, std::string& out) {
  const auto us = timestamp.seconds() * 1'000'000 + timestamp.nanos() / 1'000;
  auto text = base::to_text(base::time_from_us(us));
  if (us % 1'000 != 0) text.insert(text.size() - 1, fmt::format("{:03}", us % 1'000));
  out += '"' + text + '"';
}

void print_duration(const google::protobuf::Duration& duration, std::string& out) {
  const auto us = duration.nanos() / 1'000;
  if (us == 0) {
    fmt::format_to(std::back_inserter(out), "\"{}s\"", duration.seconds());
  } else {
    fmt::format_to(std::back_inserter(out), "\"{}.{:06}s\"", duration.seconds(), us);
  }
}

void print_bytes(const std::string& bytes, std::string& out) {
  std::string escaped;
  google::protobuf::Base64Escape(bytes, &escaped);
  out += '"' + escaped + '"';
}

void print_message(const Message& message, std::string& out);

/// One value of a field: the field's own, or that at `index` of a repeated one.
class Value {
 public:
  Value(const Message& message, const FieldDescriptor& field, int index = -1)
      : message_(message), field_(field), index_(index) {}

  void print(std::string& out) const;

 private:
  template <class Single, class Repeated>
  auto get(Single single, Repeated repeated) const {
    const auto& reflection = *message_.GetReflection();
    return index_ < 0 ? (reflection.*single)(message_, &field_)
                      : (reflection.*repeated)(message_, &field_, index_);
  }

  void print_text(std::string& out) const {
    const auto& reflection = *message_.GetReflection();
    std::string scratch;
    const auto& text =
        index_ < 0 ? reflection.GetStringReference(message_, &field_, &scratch)
                   : reflection.GetRepeatedStringReference(message_, &field_, index_, &scratch);
    if (field_.type() == FieldDescriptor::TYPE_BYTES) {
      print_bytes(text, out);
    } else {
      print_string(text, out);
    }
  }

  const Message& submessage() const {
    const auto& reflection = *message_.GetReflection();
    return index_ < 0 ? reflection.GetMessage(message_, &field_)
                      : reflection.GetRepeatedMessage(message_, &field_, index_);
  }

  const Message& message_;
  const FieldDescriptor& field_;
  int index_;
};

void Value::print(std::string& out) const {
  switch (field_.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      fmt::format_to(std::back_inserter(out), "{}",
                     get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      fmt::format_to(std::back_inserter(out), "{}",
                     get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32));
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      fmt::format_to(std::back_inserter(out), "\"{}\"",
                     get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64));
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      fmt::format_to(std::back_inserter(out), "{}",
                     get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble));
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      out += get(&Reflection::GetBool, &Reflection::GetRepeatedBool) ? "true" : "false";
      return;
    case FieldDescriptor::CPPTYPE_STRING:
      print_text(out);
      return;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      print_message(submessage(), out);
      return;
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_ENUM:
      base::check(false, "api.proto has no field of this type");
  }
}

/// Sorted by key, for the order of a protobuf map differs from run to run.
void print_map(const Message& message, const FieldDescriptor& field, std::string& out) {
  const auto& reflection = *message.GetReflection();
  const auto& key = *field.message_type()->map_key();
  const auto& value = *field.message_type()->map_value();
  std::map<std::string, const Message*> entries;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const auto& entry = reflection.GetRepeatedMessage(message, &field, i);
    entries.emplace(entry.GetReflection()->GetString(entry, &key), &entry);
  }
  char separator = '{';
  for (const auto& [name, entry] : entries) {
    out += separator;
    separator = ',';
    print_string(name, out);
    out += ':';
    Value(*entry, value).print(out);
  }
  out += entries.empty() ? "{}" : "}";
}

void print_list(const Message& message, const FieldDescriptor& field, std::string& out) {
  out += '[';
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    if (i > 0) out += ',';
    Value(message, field, i).print(out);
  }
  out += ']';
}

void print_fields(const Message& message, std::string& out) {
  const auto& descriptor = *message.GetDescriptor();
  const auto& reflection = *message.GetReflection();
  bool is_first = true;
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const auto& field = *descriptor.field(i);
    if (field.has_presence() && !reflection.HasField(message, &field)) continue;
    if (!is_first) out += ',';
    is_first = false;
    out += '"';
    out += field.name();
    out += "\":";
    if (field.is_map()) {
      print_map(message, field, out);
    } else if (field.is_repeated()) {
      print_list(message, field, out);
    } else {
      Value(message, field).print(out);
    }
  }
}

void print_message(const Message& message, std::string& out) {
  const auto* const descriptor = message.GetDescriptor();
  if (descriptor == google::protobuf::Timestamp::descriptor()) {
    print_timestamp(static_cast<const google::protobuf::Timestamp&>(message), out);
  } else if (descriptor == google::protobuf::Duration::descriptor()) {
    print_duration(static_cast<const google::protobuf::Duration&>(message), out);
  } else {
    out += '{';
    print_fields(message, out);
    out += '}';
  }
}

}  // namespace

std::string print_json(const Message& message) {
  std::string out;
  out.reserve(1024);
  print_message(message, out);
  return out;
}

}  // namespace wire
