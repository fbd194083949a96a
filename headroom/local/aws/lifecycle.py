"""What happens to a resource: made, looked at, changed, deleted, by the calls that the table and the models tell."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from headroom.local.aws import tags as tagging
from headroom.local.aws.connection import ACCOUNT_ID, Connection, no_answer
from headroom.local.aws.derive import Derived, fill, parse_id, search
from headroom.local.aws.model import Aws, Call, Custom
from headroom.local.aws.naming import same, text
from headroom.local.aws.special import attribute

# How the services say "it isn't there", in code or message; application-autoscaling has a ValidationException for it.
_GONE = re.compile(
    r"NotFound|NoSuch|NotExist|not found|does not exist|doesn't exist|cannot be found|No (scalable|scaling|scheduled)"
    r"|pending deletion|was deleted|marked for deletion",
    re.IGNORECASE,
)


_SERVER_ERROR = 500
_EMULATOR_FAILED = "the emulator failed at this call (its log says where)"


class AwsError(Exception):
    """AWS (the emulator) refused a call; the message names the call."""


class PartlyCreatedError(Exception):
    """The resource exists, but a later step failed. `pending` are the inputs that are not in effect."""

    def __init__(self, identifier: str, outputs: dict[str, Any], pending: set[str], cause: Exception) -> None:
        super().__init__(str(cause))
        self.identifier, self.outputs, self.pending = identifier, outputs, pending


@dataclass(frozen=True)
class Settings:
    """The provider's own settings: of the default provider, or of an explicit one."""

    region: str
    default_tags: Mapping[str, str] = field(default_factory=dict)
    default_tags_are_secret: bool = False


class Lifecycle:
    """Create, read, update and delete, in one provider's region and with its default tags."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.connection, self.settings = connection, settings

    def all_tags(self, inputs: Mapping[str, Any]) -> dict[str, str]:
        """The resource's own tags over the provider's default ones."""
        return {**self.settings.default_tags, **(inputs.get("tags") or {})}

    def create(self, derived: Derived, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Make it. Answers id and outputs. Raises AwsError, or PartlyCreatedError if only a later step failed."""
        entry, context = derived.entry, self._context(inputs, "")
        tags = self.all_tags(inputs) if "tags" in derived.schema.inputs else {}
        with_tags = tagging.creation_members(derived.model, entry.create.operation, entry.tag_type, tags)
        request = derived.request(entry.create, inputs, {}, context) | with_tags
        described = search(entry.answer, self._call(derived, context)(entry.create.operation, **request), context) or {}
        state = {**inputs, **derived.outputs(described, context)}
        identifier = fill(entry.id, state) if "{" in entry.id else str(search(entry.id, described, context))
        context = self._context(state, identifier)
        later = frozenset(
            name
            for name in inputs
            if name in derived.updated_with
            and name not in derived.created_with
            and not (name in entry.defaults and entry.defaults[name] == inputs[name])
        )
        pending = set(later if with_tags or not tags else later | {"tags"})
        aws = self._call(derived, context, found=True)
        try:
            if entry.after_create:
                entry.after_create(aws)
            for step in entry.updates:
                self._step(derived, step, aws, {}, inputs, later, context)
                pending -= derived.triggers(step)
            if "tags" in pending:
                tagging.change(self._call(derived, context), derived.model, {}, tags, context)
            outputs = self._outputs(derived, identifier, {**state, **inputs})
            return identifier, outputs or self._complete(derived, {**state, **inputs}, {}, context)
        except AwsError as error:
            known = {name: value for name, value in {**state, **inputs}.items() if name not in pending}
            outputs = self._complete(derived, known, {}, context)
            if "tags" in pending:
                outputs["tagsAll"] = {}
            raise PartlyCreatedError(identifier, outputs, pending, error) from error

    def update(
        self,
        derived: Derived,
        identifier: str,
        state: Mapping[str, Any],
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        changed: frozenset[str],
    ) -> dict[str, Any]:
        """Change it in place. Raises AwsError."""
        entry = derived.entry
        values = {**entry.removed, **new} if not entry.put else dict(new)
        context = self._context({**state, **new}, identifier)
        aws = self._call(derived, context, found=True)
        if entry.put and changed & derived.created_with:
            self._call(derived, context)(entry.create.operation, **derived.request(entry.create, new, old, context))
        for step in entry.updates:
            self._step(derived, step, aws, old, values, changed, context)
        if "tags" in derived.schema.inputs and (wanted := self.all_tags(new)) != (had := state.get("tagsAll") or {}):
            tagging.change(self._call(derived, context), derived.model, had, wanted, context)
        kept = {name: value for name, value in state.items() if name not in old or name in new}
        result = self._outputs(derived, identifier, {**kept, **new})
        if result is None:
            raise AwsError(
                f"{identifier} is gone: it was deleted outside Pulumi. Run `pulumi refresh`, then `pulumi up`."
            )
        return result

    def read(
        self, derived: Derived, identifier: str, state: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        """Look at it: id, outputs, inputs as AWS has them now; None if it is gone. Without a state: an import."""
        entry, known = derived.entry, dict(state)
        importing = not state
        if importing:
            parsed = parse_id(entry.import_id or entry.id, identifier)
            if parsed is None:
                raise AwsError(
                    f"'{identifier}' is no id of {entry.token}: expected the form {entry.import_id or entry.id}"
                )
            known = {**entry.defaults, **parsed}
        outputs = self._outputs(derived, identifier, known, with_tags=True)
        if outputs is None:
            return None
        if importing and "{" in entry.id:
            identifier = fill(entry.id, outputs)
        now = self._inputs_found(derived, outputs) if importing else self._inputs_now(derived, inputs, outputs)
        return identifier, outputs, now

    def delete(self, derived: Derived, identifier: str, state: Mapping[str, Any]) -> None:
        """Delete it; what isn't there any more is done. Raises AwsError."""
        entry, context = derived.entry, self._context(state, identifier)
        if entry.delete is None or (entry.keep and state.get(entry.keep)):
            return
        aws = self._call(derived, context, found=True)
        try:
            if entry.before_delete:
                entry.before_delete(aws, state)
            members = derived.request(entry.delete, state, {}, context, only=entry.delete.properties)
            aws(entry.delete.operation, **members)
        except AwsError as error:
            if not _GONE.search(str(error)):
                raise

    def _step(
        self,
        derived: Derived,
        step: Call | Custom,
        aws: Aws,
        old: Mapping[str, Any],
        values: Mapping[str, Any],
        changed: frozenset[str],
        context: Mapping[str, Any],
    ) -> None:
        relevant = changed & derived.triggers(step)
        if not relevant:
            return
        if isinstance(step, Custom):
            step.run(aws, old.get(step.property), values.get(step.property))
        elif step.style == "attributes":
            for name in sorted(relevant):
                aws(step.operation, AttributeName=attribute(name), AttributeValue=text(values.get(name, "")))
        elif step.style == "each":
            for name in sorted(relevant):
                aws(step.operation, **derived.request(step, values, old, context, only=frozenset({name})))
        elif step.switch and not values.get(step.switch, derived.entry.defaults.get(step.switch)):
            if step.switch in changed:
                aws(step.off)
        else:
            aws(step.operation, **derived.request(step, values, old, context, only=relevant))

    def _outputs(
        self, derived: Derived, identifier: str, known: Mapping[str, Any], with_tags: bool = False
    ) -> dict[str, Any] | None:
        entry, context = derived.entry, self._context(known, identifier)
        aws = self._call(derived, context, found=True)
        try:
            described = search(
                entry.read.path, aws(entry.read.operation, **fill(dict(entry.read.fixed), context)), context
            )
        except AwsError as error:
            if _GONE.search(str(error)):
                return None
            raise
        if not described or (entry.gone and search(entry.gone, described, context)):
            return None
        found = derived.outputs(described, context)
        context = self._context({**known, **found}, identifier)
        for more in entry.more:
            try:
                answer = search(more.path, aws(more.operation, **fill(dict(more.fixed), context)), context)
            except AwsError as error:
                if _GONE.search(str(error)):  # what it belongs to is gone: it tells nothing more
                    continue
                raise
            for name, path in more.reads.items():
                if (value := search(path, answer, context)) is not None:
                    found |= derived.outputs_of(name, value)
        outputs = self._complete(derived, known, found, context)
        if with_tags and "tags" in derived.schema.inputs:
            outputs["tagsAll"] = tagging.read(
                self._call(derived, context), derived.model, described, {**outputs, "id": identifier}
            )
            outputs["tags"] = {
                key: value
                for key, value in outputs["tagsAll"].items()
                if self.settings.default_tags.get(key) != value or key in (known.get("tags") or {})
            } or None
        return outputs

    def _complete(
        self, derived: Derived, known: Mapping[str, Any], found: Mapping[str, Any], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Every property of the type, so that none shows as unknown in the next preview."""
        outputs = {name: found.get(name, known.get(name)) for name in derived.schema.outputs}
        for name, value in known.items():  # what was asked for, where AWS's answer only spells it differently
            if name in outputs and outputs[name] is not None and same(value, outputs[name]):
                outputs[name] = value
        for name, template in derived.entry.computed.items():
            outputs[name] = fill(template, {**outputs, **context})
        if "region" in outputs:
            outputs["region"] = context["region"]
        if "tagsAll" in outputs:
            outputs["tagsAll"] = self.all_tags(known)
        return outputs

    def _inputs_found(self, derived: Derived, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs of an imported resource: whatever AWS tells of them, and the defaults of the rest."""
        names = set(derived.schema.inputs) - {"region"} - set(derived.entry.refused)
        return {name: outputs[name] for name in names if outputs.get(name) not in (None, "", [], {})}

    def _inputs_now(self, derived: Derived, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
        """The program's inputs, those that AWS has otherwise by now replaced by what it has."""
        now = dict(inputs)
        for name in set(inputs) - derived.entry.stored:
            found = outputs.get(name)
            if name == "tags" and found is None and inputs["tags"]:
                now.pop("tags")
            elif found is not None and not same(inputs[name], found):
                now[name] = found
        return now

    def _context(self, values: Mapping[str, Any], identifier: str) -> dict[str, Any]:
        region = values.get("region") or self.settings.region
        return {**values, "id": identifier, "region": region, "account": ACCOUNT_ID}

    def _call(self, derived: Derived, context: Mapping[str, Any], found: bool = False) -> Aws:
        client = self.connection.client(derived.entry.service, context["region"])

        def aws(operation: str, **members: Any) -> dict[str, Any]:
            if found:
                members = {**derived.found_by(operation, context), **members}
            try:
                return getattr(client, xform_name(operation))(**members)  # type: ignore[no-any-return]
            except (EndpointConnectionError, ConnectionClosedError) as error:
                raise AwsError(no_answer(self.connection.url)) from error
            except ClientError as error:
                what = error.response["Error"]
                if error.response["ResponseMetadata"].get("HTTPStatusCode") == _SERVER_ERROR:
                    raise AwsError(f"{operation}: {_EMULATOR_FAILED}") from error
                raise AwsError(f"{operation}: {what.get('Code')}: {what.get('Message')}") from error
            except (BotoCoreError, ResponseParserError) as error:
                raise AwsError(f"{operation}: {_without_values(str(error))}") from error

        return aws


def _without_values(message: str) -> str:
    """botocore's messages without the values in them: one may be a secret, another the emulator's whole error page."""
    if "Unable to parse response" in message:
        return _EMULATOR_FAILED
    return re.sub(r", value: .*?, type:", ", type:", message, flags=re.DOTALL)
