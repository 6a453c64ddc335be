// Bookings.

#include "lib/wire/api.h"
#include "lib/wire/api_convert.h"
#include "lib/wire/shared.h"

namespace wire {

namespace {

model::BookingSpec read_booking_spec(api::BookingSpec& in, Strict& strict) {
  model::BookingSpec spec;
  spec.name = take(in.mutable_name());
  spec.names = read_names(in.nodes(), "nodes", strict);
  spec.n_nodes = strict.count(in.n_nodes(), "n_nodes");
  if (spec.n_nodes > 0 && !spec.names.empty())
    strict.wrong("n_nodes", "is there beside nodes; give one of them");
  spec.pool = take(in.mutable_pool());
  if (in.has_start()) spec.start = strict.part("start", in.start(), read_time);
  spec.end = strict.required(in.has_end(), "end").read(in.end(), read_time);
  spec.is_maintenance = in.maintenance();
  spec.ignores_jobs = in.ignore_jobs();
  spec.users = take_all(*in.mutable_users());
  spec.workspaces = take_all(*in.mutable_workspaces());
  spec.comment = take(in.mutable_comment());
  return spec;
}

void write(const model::BookingRecord& record, api::BookingRecord& out) {
  out.set_name(record.name);
  out.set_nodes(model::compress_hosts(record.nodes));
  wire::write(record.start, *out.mutable_start());
  wire::write(record.end, *out.mutable_end());
  out.set_maintenance(record.is_maintenance);
  for (const auto& user : record.users) out.add_users(user);
  for (const auto& workspace : record.workspaces) out.add_workspaces(workspace);
  out.set_comment(record.comment);
  out.set_by(record.by);
  out.set_begun(record.has_begun);
}

model::BookingRecord read_booking(api::BookingRecord& in, Strict& strict) {
  model::BookingRecord record;
  record.name = strict.filled(in.mutable_name(), "name");
  if (!in.nodes().empty()) {
    auto nodes = model::expand_hosts(in.nodes());
    if (!nodes) strict.wrong("nodes", "is wrong: " + nodes.error().text);
    if (nodes) record.nodes = *std::move(nodes);
  }
  record.start = strict.required(in.has_start(), "start").read(in.start(), read_time);
  record.end = strict.required(in.has_end(), "end").read(in.end(), read_time);
  record.is_maintenance = in.maintenance();
  record.users = take_all(*in.mutable_users());
  record.workspaces = take_all(*in.mutable_workspaces());
  record.comment = take(in.mutable_comment());
  record.by = take(in.mutable_by());
  record.has_begun = in.begun();
  return record;
}

}  // namespace

base::Result<std::string> to_json(const model::BookingSpec& spec) {
  if (auto good = check_text("comment", spec.comment); !good) return std::unexpected(good.error());
  api::BookingSpec out;
  out.set_name(spec.name);
  out.set_nodes(model::compress_hosts(spec.names));
  out.set_n_nodes(u32(spec.n_nodes));
  out.set_pool(spec.pool);
  if (spec.start > base::Time()) write(spec.start, *out.mutable_start());
  write(spec.end, *out.mutable_end());
  out.set_maintenance(spec.is_maintenance);
  out.set_ignore_jobs(spec.ignores_jobs);
  for (const auto& user : spec.users) out.add_users(user);
  for (const auto& workspace : spec.workspaces) out.add_workspaces(workspace);
  out.set_comment(spec.comment);
  return print_json(out);
}

base::Result<model::BookingSpec> booking_spec_from_json(std::string_view json) {
  return from_json<api::BookingSpec>(json, "booking", base::Code::invalid, read_booking_spec);
}

std::string booking_reply_json(const std::string& name) {
  api::BookingReply out;
  out.set_name(name);
  return print_json(out);
}

base::Result<std::string> booking_reply_from_json(std::string_view json) {
  return from_json<api::BookingReply>(json, "reply", base::Code::corrupt,
                                      [](api::BookingReply& in, Strict& strict) {
                                        return strict.filled(in.mutable_name(), "name");
                                      });
}

std::string to_json(std::span<const model::BookingRecord> bookings) {
  api::BookingList out;
  for (const auto& booking : bookings) write(booking, *out.add_bookings());
  return print_json(out);
}

base::Result<std::vector<model::BookingRecord>> bookings_from_json(std::string_view json) {
  return from_json<api::BookingList>(
      json, "bookings", base::Code::corrupt, [](api::BookingList& in, Strict& strict) {
        return strict.each("bookings", *in.mutable_bookings(), read_booking);
      });
}

}  // namespace wire
