"""The table's vocabulary: what there is to say about a type that botocore's service model doesn't say already."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Template = Any  # text with {property} places, or lists and objects of such texts
Aws = Callable[..., dict[str, Any]]  # aws(operation, **members): a call, with what identifies the resource added


@dataclass(frozen=True)
class Call:
    """One AWS operation. It sends the properties that name its members; the table tells what can't be derived."""

    operation: str
    names: Mapping[str, str] = field(default_factory=dict)  # property (dotted if nested) -> member, for this call only
    fixed: Mapping[str, Template] = field(default_factory=dict)  # members that are always sent
    within: str = ""  # properties may be members of this list's element, too
    # "each": one call for each property; "attributes": the same, by AttributeName and AttributeValue
    style: Literal["once", "each", "attributes"] = "once"
    properties: frozenset[str] = frozenset()  # those that `assemble` or an attributes call takes
    assemble: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]] | None = None  # (old, new) -> members
    along: frozenset[str] = frozenset()  # go along if they are set, and are no reason to call
    switch: str = ""  # the property that decides between `operation` and `off`
    off: str = ""


@dataclass(frozen=True)
class Custom:
    """A step for one property that no single operation does: run(aws, old value, new value)."""

    property: str
    run: Callable[[Aws, Any, Any], None]


@dataclass(frozen=True)
class Read:
    """How to look: the operation, and where in its answer the object lies (JMESPath, {property} places filled)."""

    operation: str
    path: str = "@"
    fixed: Mapping[str, Template] = field(default_factory=dict)
    reads: Mapping[str, str] = field(default_factory=dict)  # of a further read: property -> JMESPath in the object


@dataclass(frozen=True)
class ResourceType:
    """One type of pulumi_aws and its life in AWS."""

    token: str
    service: str
    create: Call
    read: Read
    id: str  # a template over properties, or (without braces) JMESPath in the answer
    find: Mapping[str, Template]  # members that identify it, in whichever call has them
    answer: str = "@"  # where in create's answer the object lies
    updates: tuple[Call | Custom, ...] = ()
    put: bool = False  # create is a put: updating repeats it, whole
    delete: Call | None = None
    more: tuple[Read, ...] = ()  # further reads
    prefixes: tuple[str, ...] = ()  # `name` may be called DBProxyName
    # property (dotted if nested) -> member, or members of different calls, where the name can't be derived
    names: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    reads: Mapping[str, str] = field(default_factory=dict)  # output -> JMESPath in what was read, where not derivable
    computed: Mapping[str, str] = field(default_factory=dict)  # output -> template
    replaces: frozenset[str] = frozenset()  # a change of these makes a new one
    stored: frozenset[str] = frozenset()  # no call takes these: they steer the plugin, or AWS's own plugin
    recorded: frozenset[str] = frozenset()  # kept in the state only, as no call here takes them: said in the output
    refused: Mapping[str, str] = field(default_factory=dict)  # property -> what to do instead
    defaults: Mapping[str, Any] = field(default_factory=dict)  # filled in by check, as AWS's own plugin does
    removed: Mapping[str, Any] = field(default_factory=dict)  # sent when an input without a default is removed
    documents: frozenset[str] = frozenset()  # must be JSON
    unechoed: frozenset[str] = frozenset()  # sent, but the emulator doesn't keep them: said in the output
    name: str = ""  # the property that is made up when it isn't given
    name_form: str = "{name}"  # what a made-up name looks like
    import_id: str = ""  # the template of an id to import, where it isn't the id's own
    gone: str = ""  # JMESPath: true in what was read means that it is deleted
    tag_type: str = ""  # EC2's word for it in TagSpecifications
    keep: str = ""  # a property that, when true, keeps the real thing when it is deleted
    after_create: Callable[[Aws], None] | None = None
    before_delete: Callable[[Aws, Mapping[str, Any]], None] | None = None
