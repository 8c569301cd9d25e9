using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// Weights that lie in files beside the model (ONNX's external data). Small ones, and all of a model that is not large,
/// are read; the others stay in their file, mapped. Either way they look like any other data afterwards. The place must
/// be a file in the model's folder or below: a model must not be able to name any file of the machine.
/// </summary>
internal static class ExternalData
{
    /// <summary>Models with less external data than this are read into memory whole: half of what one ONNX file can hold.</summary>
    public const long ReadLimit = 1L << 30;

    // Functions over graphs look at shapes and statistics: tensors this small are read in any case.
    private const long AlwaysRead = 1 << 16;

    /// <summary>Takes the data in; the SHA-256 of structure and data together, or null where no data are external.</summary>
    public static string? Take(ModelProto proto, string source, string? modelPath, long readLimit)
    {
        var external = Tensors.All(proto.Graph).Where(t => t.Tensor.DataLocation == TensorProto.Types.DataLocation.External).ToArray();
        if (external.Length == 0)
        {
            return null;
        }

        var places = external.Select(t => ExternalPlace.Of(t.Tensor, $"{source}: {t.Where}", modelPath)).ToArray();
        var weights = proto.Graph.Initializer.ToHashSet<TensorProto>(ReferenceEqualityComparer.Instance);
        var map = places.Aggregate((Int128)0, (sum, p) => sum + p.Length) > readLimit;
        foreach (var (tensor, _) in external)
        {
            tensor.ExternalData.Clear();
            tensor.ClearDataLocation();
            tensor.ClearRawData();
        }

        // Before the data come in: their names and places in files are no part of what the network is.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(proto.ToByteArray());
        var length = new byte[sizeof(long)];
        for (var i = 0; i < external.Length; i++)
        {
            var data = map && places[i].Length > AlwaysRead && weights.Contains(external[i].Tensor) ? places[i].Map() : places[i].Read();
            external[i].Tensor.RawData = UnsafeByteOperations.UnsafeWrap(data);
            BinaryPrimitives.WriteInt64LittleEndian(length, data.Length);
            hash.AppendData(length);
            hash.AppendData(data.Span);
        }

        GC.KeepAlive(proto);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
