//! The contract as it lies in memory: what the canonical ABI makes of wit/plugin.wit on wasm32, by hand. Of it
//! only what this plugin needs: the manifest, field mapping, the log. The page guest-sdk/ANY-OTHER-LANGUAGE.md
//! explains each line; wasm-tools refuses the module where a signature here is wrong, and no one but the golden
//! cases sees a wrong layout.

const std = @import("std");

/// Everything is taken from here and nothing is given back: an instance lives for one call.
var arena_state = std.heap.ArenaAllocator.init(std.heap.wasm_allocator);
pub const arena = arena_state.allocator();

/// `string`, and a list of bytes.
pub const Text = extern struct {
    ptr: [*]const u8 = undefined,
    len: usize = 0,

    pub fn of(slice: []const u8) Text {
        return .{ .ptr = slice.ptr, .len = slice.len };
    }
    pub fn bytes(self: Text) []const u8 {
        return if (self.len == 0) "" else self.ptr[0..self.len];
    }
};

/// `option<string>`: a byte that says whether, then the text at the next multiple of four.
pub const MaybeText = extern struct {
    present: u8 = 0,
    text: Text = .{},

    pub fn get(self: MaybeText) ?[]const u8 {
        return if (self.present != 0) self.text.bytes() else null;
    }
};

pub fn List(comptime Item: type) type {
    return extern struct {
        ptr: [*]const Item = undefined,
        len: usize = 0,

        pub fn of(slice: []const Item) @This() {
            return .{ .ptr = slice.ptr, .len = slice.len };
        }
    };
}

pub const Pair = extern struct { name: Text, value: Text };

pub const Context = extern struct {
    merchant: Text,
    route: Text,
    source: Text,
    target: Text,
    topic: Text,
    resource_key: Text,
    event_id: Text,
    correlation_id: Text,
    source_version_time: MaybeText,
    received_at: Text,
    attempt: u32,
    settings: Text,
    checkpoint: MaybeText,
    attributes: List(Pair),
};

pub const PriceLine = extern struct {
    id: Text,
    sku: Text,
    quantity: Text,
    unit_price: Text,
    currency: Text,
    attributes: List(Pair),
};

pub const Input = extern struct {
    payload: Text,
    status: MaybeText,
    lines: List(PriceLine),
    attributes: List(Pair),
};

/// More than sixteen numbers do not go as parameters: one pointer to all of them does.
pub const TransformArguments = extern struct { context: Context, input: Input };

pub const Violation = extern struct { pointer: Text, code: Text, message: Text };

pub const Operation = enum(u8) { create, update, upsert, cancel, delete };

pub const Document = extern struct {
    entity: Text,
    key: Text,
    operation: Operation,
    body: Text,
    attributes: List(Pair) = .{},
};

/// `result<mapping-outcome, refusal>`: two bytes that say which, each at a multiple of four, then what it holds.
/// All four ends fit into one structure, because a list and a text are both a pointer and a length.
pub const Answer = extern struct {
    refused: u8,
    which: u8 align(4),
    list: extern union { documents: List(Document), violations: List(Violation), reason: Text },
    checkpoint: MaybeText = .{},

    pub fn mapped(document: Document) Answer {
        const one = arena.dupe(Document, &.{document}) catch unreachable;
        return .{ .refused = 0, .which = 0, .list = .{ .documents = .of(one) } };
    }
    pub fn skipped(reason: []const u8) Answer {
        return .{ .refused = 0, .which = 1, .list = .{ .reason = .of(reason) } };
    }
    pub fn rejected(pointer: []const u8, code: []const u8, message: []const u8) Answer {
        const violation: Violation = .{ .pointer = .of(pointer), .code = .of(code), .message = .of(message) };
        const one = arena.dupe(Violation, &.{violation}) catch unreachable;
        return .{ .refused = 1, .which = 0, .list = .{ .violations = .of(one) } };
    }
};

pub const Manifest = extern struct {
    name: Text,
    version: Text,
    summary: Text,
    settings_schema: Text,
    topics: List(Text),
    entities: List(Text),
    attributes: List(Pair) = .{},
};

comptime {
    std.debug.assert(@sizeOf(Context) == 116 and @offsetOf(Context, "settings") == 88);
    std.debug.assert(@sizeOf(TransformArguments) == 152);
    std.debug.assert(@sizeOf(Document) == 36 and @offsetOf(Document, "body") == 20);
    std.debug.assert(@sizeOf(Answer) == 28 and @offsetOf(Answer, "list") == 8);
    std.debug.assert(@sizeOf(Manifest) == 56);
}

/// The host asks for memory here, for the texts and lists that it hands in.
export fn cabi_realloc(old: ?[*]u8, old_size: usize, alignment: usize, size: usize) [*]u8 {
    // The address of nothing must lie inside of the memory too.
    if (size == 0) return @ptrFromInt(alignment);
    const block = arena.alignedAlloc(u8, .@"8", size) catch @panic("there is no memory");
    if (old) |from| @memcpy(block[0..@min(old_size, size)], from[0..@min(old_size, size)]);
    return block.ptr;
}

extern "mapwright:plugin/log@1.0.0" fn write(level: u32, ptr: [*]const u8, len: usize) void;

/// What the host shows as the message of the outcome `trapped`. Zig gives no file and line on wasm32.
pub fn panicked(message: []const u8, _: ?usize) noreturn {
    const line = std.fmt.allocPrint(arena, "panicked: {s}", .{message}) catch message;
    write(3, line.ptr, line.len);
    @trap();
}
