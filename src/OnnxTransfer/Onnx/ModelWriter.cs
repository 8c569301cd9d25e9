using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Writes a model as one file, or as two: structure, and weights as external data.</summary>
internal static class ModelWriter
{
    // A protobuf message ends at 2^31 - 1 bytes; the rest is room for the structure, of whatever size it is.
    private const long Limit = int.MaxValue - (64L << 20);

    // What shape inference reads must be in the model itself; only what is worth a place goes outside.
    private const int SmallestOutside = 1024;

    // Pages, so that every tensor can be mapped by itself.
    private const int Alignment = 4096;

    /// <summary>Whether the whole fits the one file that a protobuf message makes.</summary>
    public static bool FitsOneFile(ModelProto proto) => DataBytes(proto) + Structure(proto).CalculateSize() < Limit;

    /// <summary>Bytes of raw data in the weights of the main graph: nearly all of a large model.</summary>
    public static long DataBytes(ModelProto proto) => proto.Graph.Initializer.Sum(t => (long)t.RawData.Length);

    public static void Write(OnnxModel model, string path, bool externalData)
    {
        try
        {
            var proto = model.Proto;
            if (externalData || !FitsOneFile(proto))
            {
                proto = Structure(proto, SmallestOutside);
                WriteData(model.Proto, proto, path);
            }

            Atomically(path, stream => proto.WriteTo(stream));
            GC.KeepAlive(model);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new OnnxException($"{path}: cannot be written ({error.Message}); free space there, or name a file that can be written", error);
        }
    }

    /// <summary>
    /// A copy of <paramref name="proto"/>, weights shared, in which the data of weights of at least <paramref name="smallest"/>
    /// bytes are left out.
    /// </summary>
    public static ModelProto Structure(ModelProto proto, int smallest = 1)
    {
        var copy = proto.Clone();
        foreach (var tensor in copy.Graph.Initializer.Where(t => t.RawData.Length >= smallest))
        {
            tensor.ClearRawData();
        }

        return copy;
    }

    /// <summary>Makes <paramref name="tensor"/> point to its data in a file.</summary>
    public static void Point(TensorProto tensor, string location, long offset, long length)
    {
        tensor.ClearRawData();
        tensor.ExternalData.Clear();
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        foreach (var (key, value) in new[] { ("location", location), ("offset", Text(offset)), ("length", Text(length)) })
        {
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        }
    }

    /// <summary>Writes what <paramref name="structure"/> lacks of <paramref name="whole"/>, under a name that no other data bear, and points to it.</summary>
    private static void WriteData(ModelProto whole, ModelProto structure, string path)
    {
        var offset = 0L;
        var places = new List<(TensorProto Tensor, long Offset, int Length)>();
        var part = PartOf(path);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using (var stream = new FileStream(part, FileMode.CreateNew, FileAccess.Write))
            {
                void Append(ReadOnlySpan<byte> bytes)
                {
                    stream.Write(bytes);
                    hash.AppendData(bytes);
                    offset += bytes.Length;
                }

                for (var i = 0; i < whole.Graph.Initializer.Count; i++)
                {
                    var data = whole.Graph.Initializer[i].RawData;
                    if (data.Length >= SmallestOutside)
                    {
                        Append(new byte[(Alignment - (offset % Alignment)) % Alignment]);
                        places.Add((structure.Graph.Initializer[i], offset, data.Length));
                        Append(data.Span);
                    }
                }

                stream.Flush(flushToDisk: true);
            }

            var digest = hash.GetHashAndReset();
            var location = $"{Path.GetFileName(path)}.{Convert.ToHexStringLower(digest)[..16]}.data";
            Keep(part, Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, location), digest);
            places.ForEach(p => Point(p.Tensor, location, p.Offset, p.Length));
        }
        finally
        {
            File.Delete(part);
        }
    }

    /// <summary>Gives the finished part its name, unless the same data are there: they may be in use, as this model's own.</summary>
    private static void Keep(string part, string path, byte[] digest)
    {
        if (File.Exists(path))
        {
            using var old = File.OpenRead(path);
            if (SHA256.HashData(old).AsSpan().SequenceEqual(digest))
            {
                return;
            }
        }

        File.Move(part, path, overwrite: true);
    }

    private static void Atomically(string path, Action<Stream> write)
    {
        var part = PartOf(path);
        try
        {
            using (var stream = new FileStream(part, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(part, path, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static string PartOf(string path) => $"{path}.{Guid.NewGuid():N}.part";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
