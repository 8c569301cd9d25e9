using System.Text;
using Google.Protobuf;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Bytes to <see cref="OnnxModel"/>; what is not an ONNX model is told apart by its first bytes.</summary>
internal static class ModelReader
{
    // Files that take an ONNX file's place in practice, and what to do about each.
    private static readonly (byte[] Magic, string What)[] Strangers =
    [
        ("version https://git-lfs"u8.ToArray(), "a Git LFS pointer; fetch the file itself with 'git lfs pull'"),
        ("PK"u8.ToArray(), "a zip archive, perhaps a PyTorch checkpoint; export it with torch.onnx.export"),
        ([0x1f, 0x8b], "gzip; unpack it first"),
        ([0x80, 0x02], "a Python pickle, perhaps a PyTorch checkpoint; export it with torch.onnx.export"),
        ("\x89HDF"u8.ToArray(), "HDF5, perhaps Keras; convert it with tf2onnx"),
        ("<"u8.ToArray(), "markup, perhaps a web page saved instead of the file; download it again"),
    ];

    /// <summary>Reads; external data are looked for beside <paramref name="path"/> and stay there where they exceed <paramref name="readLimit"/> bytes together.</summary>
    public static OnnxModel Read(ReadOnlySpan<byte> bytes, string source, string? path, long readLimit = ExternalData.ReadLimit)
    {
        ModelProto proto;
        try
        {
            proto = ModelProto.Parser.ParseFrom(bytes);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or ArgumentException or OverflowException)
        {
            throw Unreadable(bytes, source, e);
        }

        if (proto.Graph is null || proto.OpsetImport.Count == 0 || proto.Graph.Output.Count == 0)
        {
            throw Unreadable(bytes, source, null);
        }

        var contentHash = ExternalData.Take(proto, source, path, readLimit);
        GraphCheck.Verify(proto, source);
        return new(proto, source) { ContentHash = contentHash };
    }

    private static OnnxException Unreadable(ReadOnlySpan<byte> bytes, string source, Exception? cause)
    {
        var head = bytes[..Math.Min(8, bytes.Length)];
        var found = bytes.Length == 0 ? "is empty" : $"starts with {Show(head)} ({bytes.Length} bytes)";
        var message = $"{source}: {found}; expected an ONNX model (a protobuf ModelProto with a graph, its outputs and an operator set)";
        foreach (var (magic, what) in Strangers)
        {
            if (bytes.StartsWith(magic))
            {
                return new($"{message}; this looks like {what}", cause);
            }
        }

        var cure = cause is null ? "it is no ONNX model" : $"it is damaged or cut short ({cause.Message.TrimEnd('.')})";
        return new($"{message}; {cure}: export or download it again", cause);
    }

    private static string Show(ReadOnlySpan<byte> head)
    {
        var text = new StringBuilder();
        foreach (var b in head)
        {
            text.Append(text.Length > 0 ? " " : "").Append($"{b:x2}");
        }

        text.Append(" \"");
        foreach (var b in head)
        {
            text.Append(b is >= 0x20 and < 0x7f ? (char)b : '.');
        }

        return text.Append('"').ToString();
    }
}
