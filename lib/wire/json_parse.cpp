// JSON to messages, by protobuf's parser; its complaints are put in our words.

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <set>
#include <vector>

#include "lib/base/text.h"
#include "lib/wire/json.h"
#include "lib/wire/utf8.h"

namespace wire {

namespace {

using google::protobuf::Descriptor;

void collect_fields(const Descriptor& message, std::set<const Descriptor*>& seen,
                    std::vector<std::string_view>& names) {
  if (!seen.insert(&message).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    names.emplace_back(field.name());
    if (field.message_type() != nullptr && !field.is_map()) {
      collect_fields(*field.message_type(), seen, names);
    }
  }
}

/// "; the nearest known field is 'nodes'" for the message of an unknown field, else nothing.
std::string suggestion(std::string_view complaint, const Descriptor& message) {
  constexpr std::string_view unknown = ": Cannot find field.";
  const auto end = complaint.find(unknown);
  if (end == std::string_view::npos) return "";
  const auto before = complaint.substr(0, end);
  const auto start = before.find_last_of(" :");
  const auto name = before.substr(start == std::string_view::npos ? 0 : start + 1);
  std::set<const Descriptor*> seen;
  std::vector<std::string_view> names;
  collect_fields(message, seen, names);
  const auto nearest = base::nearest(name, names);
  return nearest ? fmt::format("; the nearest known field is '{}'", *nearest) : "";
}

}  // namespace

base::Result<void> parse_json(std::string_view json, std::string_view what, base::Code code,
                              google::protobuf::Message& message) {
  if (const auto place = first_not_utf8(json)) {
    return base::fail(code,
                      fmt::format("{}: byte {} is no UTF-8, which JSON has to be", what, *place));
  }
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), &message);
  if (status.ok()) return {};
  const std::string_view complaint(status.message().data(), status.message().size());
  return base::fail(code, fmt::format("{}: {}{}", what, base::printable(complaint, 300),
                                      suggestion(complaint, *message.GetDescriptor())));
}

}  // namespace wire
