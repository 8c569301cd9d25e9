using Google.Protobuf;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// Weights that lie in a file beside the model (ONNX's external data), taken into the model itself. The place must be
/// a file in the model's folder or below: a model must not be able to name any file of the machine.
/// </summary>
internal static class ExternalData
{
    // A protobuf message cannot hold more.
    private const long Limit = int.MaxValue - (16L << 20);

    /// <summary>Returns whether there were any.</summary>
    public static bool Inline(ModelProto proto, string source, string? folder)
    {
        var total = 0L;
        var external = proto.Graph.Initializer.Where(t => t.DataLocation == TensorProto.Types.DataLocation.External).ToArray();
        foreach (var tensor in external)
        {
            var (location, offset, length) = Place(tensor, source);
            if (folder is null)
            {
                throw new OnnxException($"{source}: tensor '{tensor.Name}' keeps its data in the file '{location}'; "
                    + "bytes alone cannot reach it: load the model by its path");
            }

            var root = Path.GetFullPath(folder) + Path.DirectorySeparatorChar;
            var path = Path.GetFullPath(Path.Combine(folder, location));
            if (location.Length == 0 || !path.StartsWith(root, StringComparison.Ordinal))
            {
                throw new OnnxException($"{source}: tensor '{tensor.Name}' keeps its data in '{location}', outside the model's folder; "
                    + "expected a file beside the model: export it again with relative external data");
            }

            var bytes = Read(path, offset, length, $"{source}: tensor '{tensor.Name}'");
            total += bytes.Length;
            if (total > Limit)
            {
                throw new OnnxException($"{source}: its external data exceed 2 GB, the most one ONNX file can hold; use a smaller model");
            }

            tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
            tensor.ExternalData.Clear();
            tensor.ClearDataLocation();
        }

        return external.Length > 0;
    }

    private static (string Location, long Offset, long Length) Place(TensorProto tensor, string source)
    {
        string Value(string key) => tensor.ExternalData.FirstOrDefault(e => e.Key == key)?.Value ?? "";
        long Number(string key, long absent) => Value(key) is not { Length: > 0 } text ? absent
            : long.TryParse(text, out var number) && number >= 0 ? number
            : throw new OnnxException($"{source}: tensor '{tensor.Name}' has external data with {key} '{text}'; expected a number of bytes: export it again");
        return (Value("location"), Number("offset", 0), Number("length", -1));
    }

    private static byte[] Read(string path, long offset, long length, string where)
    {
        try
        {
            using var file = File.OpenRead(path);
            length = length < 0 ? file.Length - offset : length;
            if (length < 0 || offset > file.Length - length || length > Limit)
            {
                throw new OnnxException($"{where} expects bytes {offset} to {offset + length} of {path}, which has {file.Length}; download or export both files again");
            }

            var bytes = new byte[length];
            file.Position = offset;
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OnnxException($"{where} keeps its data in {path}, which cannot be read ({e.Message}); put that file beside the model", e);
        }
    }
}
