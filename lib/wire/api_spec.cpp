// Requests: JobSpec and StepSpec as JSON.

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/text.h"
#include "lib/wire/api.h"
#include "lib/wire/api_convert.h"
#include "lib/wire/shared.h"
#include "lib/wire/shared_step.h"
#include "lib/wire/utf8.h"

namespace wire {

namespace {

constexpr int highest_priority = 1000;

/// What no base64 stands in for.

template <class Message>
base::Result<void> write_environment(const model::Environment& environment, Message& out) {
  for (const auto& [name, value] : environment) {
    if (auto good = check_text("the name of an environment variable", name); !good) return good;
    if (is_utf8(value)) {
      (*out.mutable_environment())[name] = value;
    } else {
      (*out.mutable_environment_base64())[name] = value;
    }
  }
  return {};
}

template <class Message>
void write_arguments(const std::vector<std::string>& arguments, Message& out) {
  if (std::all_of(arguments.begin(), arguments.end(), is_utf8)) {
    for (const auto& argument : arguments) out.add_arguments(argument);
  } else {
    for (const auto& argument : arguments) out.add_arguments_base64(argument);
  }
}

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

void add_variable(const std::string& name, std::string& value, model::Environment& environment,
                  Strict& strict) {
  if (name.empty() || name.find('=') != std::string::npos || has_nul(name)) {
    strict.wrong("environment", fmt::format("has a variable '{}'; a name is not empty and has no "
                                            "'=' and no NUL",
                                            base::printable(name)));
  }
  if (has_nul(value)) strict.wrong("environment", fmt::format("has a NUL in '{}'", name));
  if (!environment.emplace(name, std::move(value)).second) {
    strict.wrong("environment", fmt::format("has '{}' also in base64; give it once", name));
  }
}

template <class Message>
model::Environment read_environment(Message& in, Strict& strict) {
  model::Environment environment;
  for (auto& [name, value] : *in.mutable_environment()) {
    add_variable(name, value, environment, strict);
  }
  for (auto& [name, value] : *in.mutable_environment_base64()) {
    add_variable(name, value, environment, strict);
  }
  return environment;
}

template <class Message>
std::vector<std::string> read_arguments(Message& in, Strict& strict) {
  if (in.arguments_size() > 0 && in.arguments_base64_size() > 0) {
    strict.wrong("arguments", "are there also in base64; give them once");
  }
  std::vector<std::string> arguments;
  for (auto& argument : *in.mutable_arguments()) arguments.push_back(std::move(argument));
  for (auto& argument : *in.mutable_arguments_base64()) arguments.push_back(std::move(argument));
  for (const auto& argument : arguments) {
    if (has_nul(argument)) strict.wrong("arguments", "has a NUL in an argument");
  }
  return arguments;
}

model::Shape read_api_shape(api::Shape& in, Strict& strict) {
  if (!in.has_cpus_per_task()) in.set_cpus_per_task(1);
  return read_shape(in, strict);
}

std::string read_script(api::JobSpec& in, Strict& strict) {
  if (in.script_base64().empty()) return take(in.mutable_script());
  if (!in.script().empty()) strict.wrong("script", "is there also in base64; give it once");
  return take(in.mutable_script_base64());
}

model::SaveSignal read_api_save_signal(api::SaveSignal& in, Strict& strict) {
  const auto number = strict.count(in.number(), "number");
  if (!model::is_save_signal(number)) {
    strict.wrong(
        "number",
        fmt::format("is {}; expected a signal that a program can handle, such as 10 (USR1)",
                    number));
  }
  return {number, strict.part("before", in.before(), read_duration), in.script_only()};
}

model::JobSpec read_job_spec(api::JobSpec& in, Strict& strict) {
  model::JobSpec spec;
  spec.name = take(in.mutable_name());
  spec.pool = take(in.mutable_pool());
  spec.comment = take(in.mutable_comment());
  spec.token = take(in.mutable_token());
  spec.shape = strict.part("shape", *in.mutable_shape(), read_api_shape);
  if (in.has_time_limit()) {
    spec.time_limit = strict.part("time_limit", in.time_limit(), read_duration);
  }
  spec.priority = in.priority();
  if (spec.priority < -highest_priority || spec.priority > highest_priority) {
    strict.wrong("priority", fmt::format("is {}; expected {} to {}", spec.priority,
                                         -highest_priority, highest_priority));
  }
  spec.hold = in.hold();
  spec.workspace = take(in.mutable_workspace());
  spec.class_name = take(in.mutable_class_());
  spec.requeue = !in.no_requeue();
  spec.restart = read_restart(in.restart(), strict);
  spec.hang_timeout = read_hang(in.hang_timeout(), strict);
  spec.max_evictions = strict.count_if(in.max_evictions() > 0, in.max_evictions(), "max_evictions");
  spec.dialect = read_dialect(in.dialect(), strict);
  spec.append_output = in.append_output();
  if (in.has_grow_after())
    spec.grow_after = strict.part("grow_after", in.grow_after(), read_duration);
  if (in.has_save_signal()) {
    spec.save_signal = strict.part("save_signal", *in.mutable_save_signal(), read_api_save_signal);
  }
  spec.script = read_script(in, strict);
  spec.script_name = take(in.mutable_script_name());
  spec.arguments = read_arguments(in, strict);
  spec.environment = read_environment(in, strict);
  spec.work_dir = take(in.mutable_work_dir());
  spec.output = take(in.mutable_output());
  spec.error = take(in.mutable_error());
  if (in.has_begin()) spec.begin = strict.part("begin", in.begin(), read_time);
  if (in.has_deadline()) spec.deadline = strict.part("deadline", in.deadline(), read_time);
  spec.dependency = read_dependency(in.dependency(), strict);
  spec.array = read_array(in.array(), strict);
  if (in.has_choice())
    spec.choice = strict.part("choice", *in.mutable_choice(), read_choice<api::NodeChoice>);
  spec.licenses = read_licenses(in.licenses(), strict);
  spec.preparation = read_preparation(in, strict);
  spec.roles = read_roles(in.roles(), strict);
  return spec;
}

model::StepSpec read_step_spec(api::StepSpec& in, Strict& strict) {
  auto spec = read_step_shape(in, strict);
  spec.arguments = read_arguments(in, strict);
  spec.environment = read_environment(in, strict);
  return spec;
}

model::JobChange read_job_change(api::JobChange& in, Strict& strict) {
  model::JobChange change;
  for (const auto& name : in.fields()) {
    change.fields.insert(strict.named(model::changed_field_from_text(name), name, "fields"));
  }
  change.spec = strict.part("spec", *in.mutable_spec(), read_job_spec);
  change.array_limit = strict.count_if(in.has_array_limit(), in.array_limit(), "array_limit", 1);
  if (change.fields.empty()) strict.wrong("fields", "is empty; name what is to change");
  if (!is_exact(change)) {
    strict.wrong("spec", "has more than `fields` names; name there all that is to change");
  }
  return change;
}

StepRequest read_step_request(api::StepRequest& in, Strict& strict) {
  return {strict.from_one(in.attempt(), "attempt"),
          strict.required(in.has_spec(), "spec").read(*in.mutable_spec(), read_step_spec)};
}

base::Result<void> check_roles_text(const model::Roles& roles) {
  for (const auto& role : roles) {
    if (auto good = check_text("command of role " + role.name, role.command); !good) return good;
  }
  return {};
}

base::Result<void> check_texts(const model::JobSpec& spec) {
  using Named = std::pair<std::string_view, std::string_view>;
  for (const auto& [field, text] :
       {Named{"job name", spec.name}, Named{"pool", spec.pool}, Named{"workspace", spec.workspace},
        Named{"class", spec.class_name}, Named{"comment", spec.comment}, Named{"token", spec.token},
        Named{"script name", spec.script_name}, Named{"working directory", spec.work_dir},
        Named{"output path", spec.output}, Named{"error path", spec.error},
        Named{"kind of GPU", spec.choice.gpu_kind}, Named{"booking", spec.choice.booking}}) {
    if (auto good = check_text(field, text); !good) return good;
  }
  if (auto good = check_text("preparation", spec.preparation.command); !good) return good;
  for (const auto* path : {&spec.preparation.image.reference, &spec.preparation.image.auth}) {
    if (auto good = check_text("image", *path); !good) return good;
  }
  for (const auto& mount : spec.preparation.mounts) {
    if (auto good = check_text("mount", to_text(mount)); !good) return good;
  }
  return check_roles_text(spec.roles);
}

base::Result<void> write_job_spec(const model::JobSpec& spec, api::JobSpec& out) {
  if (auto good = check_texts(spec); !good) return good;
  out.set_name(spec.name);
  out.set_pool(spec.pool);
  out.set_comment(spec.comment);
  out.set_token(spec.token);
  write_shape(spec.shape, *out.mutable_shape());
  if (spec.time_limit) wire::write(*spec.time_limit, *out.mutable_time_limit());
  out.set_priority(spec.priority);
  out.set_hold(spec.hold);
  out.set_workspace(spec.workspace);
  out.set_class_(spec.class_name);
  out.set_no_requeue(!spec.requeue);
  out.set_restart(restart_text(spec.restart));
  out.set_hang_timeout(hang_text(spec.hang_timeout));
  if (spec.max_evictions) out.set_max_evictions(u32(*spec.max_evictions));
  if (spec.dialect != model::Dialect::native) out.set_dialect(std::string(to_text(spec.dialect)));
  out.set_append_output(spec.append_output);
  if (spec.grow_after) wire::write(*spec.grow_after, *out.mutable_grow_after());
  if (spec.save_signal) {
    auto& signal = *out.mutable_save_signal();
    signal.set_number(u32(spec.save_signal->number));
    wire::write(spec.save_signal->before, *signal.mutable_before());
    signal.set_script_only(spec.save_signal->script_only);
  }
  if (is_utf8(spec.script)) {
    out.set_script(spec.script);
  } else {
    out.set_script_base64(spec.script);
  }
  out.set_script_name(spec.script_name);
  write_arguments(spec.arguments, out);
  if (auto good = write_environment(spec.environment, out); !good) return good;
  out.set_work_dir(spec.work_dir);
  out.set_output(spec.output);
  out.set_error(spec.error);
  if (spec.begin) wire::write(*spec.begin, *out.mutable_begin());
  if (spec.deadline) wire::write(*spec.deadline, *out.mutable_deadline());
  out.set_dependency(to_text(spec.dependency));
  out.set_array(array_text(spec.array));
  write_choice(spec.choice, spec.licenses, out);
  write_preparation(spec.preparation, out);
  write_roles(spec.roles, *out.mutable_roles());
  return {};
}

}  // namespace

base::Result<void> check_text(std::string_view field, std::string_view text) {
  if (is_utf8(text)) return {};
  return base::fail(base::Code::invalid, fmt::format("{} '{}' is no UTF-8 text; rename it", field,
                                                     base::printable(text)));
}

base::Result<std::string> to_json(const model::JobSpec& spec) {
  api::JobSpec out;
  if (auto good = write_job_spec(spec, out); !good) return std::unexpected(good.error());
  return print_json(out);
}

base::Result<std::string> to_json(const model::JobChange& change) {
  api::JobChange out;
  for (const auto field : change.fields) out.add_fields(std::string(to_text(field)));
  if (auto good = write_job_spec(change.spec, *out.mutable_spec()); !good)
    return std::unexpected(good.error());
  if (change.array_limit) out.set_array_limit(u32(*change.array_limit));
  return print_json(out);
}

base::Result<model::JobChange> job_change_from_json(std::string_view json) {
  return from_json<api::JobChange>(json, "change", base::Code::invalid, read_job_change);
}

base::Result<model::JobSpec> job_spec_from_json(std::string_view json) {
  return from_json<api::JobSpec>(json, "job", base::Code::invalid, read_job_spec);
}

base::Result<std::string> to_json(const StepRequest& request) {
  const auto& spec = request.spec;
  if (auto good = check_text("working directory", spec.work_dir); !good) {
    return std::unexpected(good.error());
  }
  if (auto good = check_roles_text(spec.roles.value_or(model::Roles())); !good) {
    return std::unexpected(good.error());
  }
  api::StepRequest out;
  out.set_attempt(request.attempt);
  auto& step = *out.mutable_spec();
  write_step_shape(spec, step);
  write_arguments(spec.arguments, step);
  if (auto good = write_environment(spec.environment, step); !good) {
    return std::unexpected(good.error());
  }
  return print_json(out);
}

base::Result<StepRequest> step_request_from_json(std::string_view json) {
  return from_json<api::StepRequest>(json, "step", base::Code::invalid, read_step_request);
}

}  // namespace wire
