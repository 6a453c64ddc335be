#include "cli/render/json.h"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/base/text.h"

namespace render {

namespace {

using Json = nlohmann::ordered_json;

base::Result<Json> parse(std::string_view text) {
  auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    return base::fail(base::Code::corrupt,
                      "the controller's answer is no JSON: '" + base::printable(text) + "'");
  }
  return json;
}

std::string indented(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string plain(const Json& value) {
  if (!value.is_string()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return base::printable(value.get<std::string>(), 200);
}

std::string text_at(const Json& json, const std::string& name) {
  const auto found = json.find(name);
  return found == json.end() ? "" : plain(*found);
}

/// ": GPU 1 is out of service: ..."; empty where none is.
std::string failing_of(const Json& event) {
  std::string text;
  const auto failing = event.find("failing");
  if (failing == event.end() || !failing->is_array()) return text;
  for (const auto& gpu : *failing) text += (text.empty() ? ": " : "; ") + text_at(gpu, "text");
  return text;
}

/// What the nested values of some kinds of events come to.
std::string details(const Json& event) {
  std::string text;
  for (const auto* name : {"failure", "outcome"}) {
    const auto found = event.find(name);
    if (found == event.end() || !found->is_object()) continue;
    if (const auto ending = text_at(*found, "ending"); !ending.empty()) text += " " + ending;
    const auto inner = found->find("failure");
    const auto& failure = inner != found->end() && inner->is_object() ? *inner : *found;
    if (const auto why = text_at(failure, "sentence"); !why.empty()) text += ": " + why;
  }
  if (text_at(event, "kind") == "node_conditioned") return text + failing_of(event);
  if (text_at(event, "kind") != "node_quarantined") return text;
  const auto undying = event.find("undying");
  const bool is_any = undying != event.end() && undying->is_array() && !undying->empty();
  if (!is_any) return text + ": nothing is held any more";
  std::string_view before = ": ";
  for (const auto& process : *undying) {
    text.append(before).append(text_at(process, "text"));
    before = "; ";
  }
  return text;
}

/// The name of the node that it is about; its number where that is all that is known.
std::string node_of(const Json& event, NodeNames& names) {
  const auto number = text_at(event, "node");
  auto name = text_at(event, "node_name");
  if (!name.empty() && !number.empty()) names.insert_or_assign(number, name);
  if (!name.empty()) return name;
  const auto known = names.find(number);
  return known == names.end() ? number : known->second;
}

}  // namespace

base::Result<std::string> pretty(std::string_view json) {
  const auto parsed = parse(json);
  if (!parsed) return std::unexpected(parsed.error());
  return indented(*parsed);
}

base::Result<std::string> pretty_pages(std::span<const std::string> pages,
                                       std::span<const model::JobId> jobs) {
  std::map<std::string, Json> by_number;
  for (const auto& page : pages) {
    auto parsed = parse(page);
    if (!parsed) return std::unexpected(parsed.error());
    const auto list = parsed->find("jobs");
    if (list == parsed->end() || !list->is_array()) continue;
    for (auto& job : *list) by_number.insert_or_assign(text_at(job, "job"), std::move(job));
  }
  Json all = Json::array();
  for (const auto job : jobs) {
    const auto found = by_number.find(to_text(job));
    if (found != by_number.end()) all.push_back(std::move(found->second));
  }
  return indented(Json{{"jobs", std::move(all)}});
}

base::Result<std::string> event_line(std::string_view json,
                                     const std::function<std::string(std::string_view)>& time,
                                     NodeNames& names) {
  const auto parsed = parse(json);
  if (!parsed) return std::unexpected(parsed.error());
  if (!parsed->is_object()) {
    return base::fail(base::Code::corrupt, "an event is no JSON object: " + plain(*parsed));
  }
  const auto& event = *parsed;
  auto line = time(text_at(event, "at")) + "  " + text_at(event, "kind");
  const auto show = [&line](std::string_view label, const std::string& value) {
    if (!value.empty()) line.append(" ").append(label).append("=").append(value);
  };
  static constexpr std::array whose{"job", "attempt", "step"};
  for (const auto* field : whose) show(field, text_at(event, field));
  show("node", node_of(event, names));
  static constexpr std::array<std::pair<const char*, std::string_view>, 6> shown{
      {{"pool", "pool"},
       {"cores", "cores"},
       {"gpus", "gpus"},
       {"nodes", "nodes"},
       {"name", "name"},
       {"by", "by"}}};
  for (const auto& [field, label] : shown) show(label, text_at(event, field));
  if (const auto fields = event.find("fields"); fields != event.end() && fields->is_array()) {
    std::string_view before = " changed=";
    for (const auto& field : *fields) {
      line.append(before).append(plain(field));
      before = ",";
    }
  }
  for (const auto* field : {"command", "exit_code"}) show(field, text_at(event, field));
  if (const auto since = text_at(event, "since"); !since.empty()) show("since", time(since));
  return line + details(event);
}

}  // namespace render
