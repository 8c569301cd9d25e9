using Google.Protobuf;
using OnnxTransfer.Onnx.Proto;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx;

/// <summary>
/// An ONNX file as data: read, looked at, changed into another, written; nothing is run. Never changed once made: the
/// functions of this room return a new model and share the weights with the old one.
/// </summary>
public sealed class OnnxModel
{
    private readonly Lazy<IReadOnlyDictionary<string, int>> _operators;

    internal OnnxModel(ModelProto proto, string source)
    {
        Proto = proto;
        Source = source;
        var weights = proto.Graph.Initializer.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        Inputs = [.. proto.Graph.Input.Where(i => !weights.Contains(i.Name)).Select(TensorInfo.From)];
        Outputs = [.. proto.Graph.Output.Select(TensorInfo.From)];
        Opset = proto.OpsetImport.Where(o => o.Domain is "" or "ai.onnx").Select(o => (int)Math.Clamp(o.Version, 0, int.MaxValue)).FirstOrDefault();
        _operators = new(() => proto.Graph.Node.GroupBy(n => n.OpType).OrderByDescending(g => g.Count()).ToDictionary(g => g.Key, g => g.Count()));
    }

    /// <summary>Where it was read from, for messages.</summary>
    public string Source { get; }

    /// <summary>What must be fed; weights that old files list among their inputs are left out.</summary>
    public IReadOnlyList<TensorInfo> Inputs { get; }

    /// <summary>What comes out.</summary>
    public IReadOnlyList<TensorInfo> Outputs { get; }

    /// <summary>Version of the standard operator set; 0 where the file does not say.</summary>
    public int Opset { get; }

    /// <summary>Free key and value texts of the file; of a key that occurs twice, the last.</summary>
    public IReadOnlyDictionary<string, string> Metadata =>
        Proto.MetadataProps.GroupBy(p => p.Key).ToDictionary(g => g.Key, g => g.Last().Value);

    /// <summary>Number of nodes of the main graph.</summary>
    public int NodeCount => Proto.Graph.Node.Count;

    /// <summary>How often each operator occurs in the main graph, most frequent first.</summary>
    public IReadOnlyDictionary<string, int> Operators => _operators.Value;

    /// <summary>Numbers held in float tensors (weights, biases, statistics of batch norms); one that several nodes share counts once.</summary>
    public long ParameterCount => Proto.Graph.Initializer
        .Where(t => (ElementType)t.DataType is ElementType.Float or ElementType.Float16 or ElementType.BFloat16 or ElementType.Double)
        .Aggregate(0L, (sum, t) => Saturating.Add(sum, Math.Max(0, TensorData.Count(t))));

    /// <summary>The names of all tensors that a node computes, in the order of the graph: what can be a tap.</summary>
    public IEnumerable<string> TensorNames => Proto.Graph.Node.SelectMany(n => n.Output).Where(name => name.Length > 0);

    /// <summary>SHA-256 of the whole content, weights of other files included; null where the file itself holds all.</summary>
    internal string? ContentHash { get; init; }

    internal ModelProto Proto { get; }

    internal GraphProto Graph => Proto.Graph;

    /// <summary>Reads a file; weights kept in files beside it (external data) are read too, or used from there where they exceed 1 GB.</summary>
    /// <exception cref="OnnxException">The file is absent, not ONNX, or damaged.</exception>
    public static OnnxModel Load(string path) => Load(path, ExternalData.ReadLimit);

    /// <summary>Reads a model from the bytes of an ONNX file; <paramref name="source"/> names it in messages.</summary>
    /// <exception cref="OnnxException">The bytes are not ONNX, are damaged, or lack weights kept in another file.</exception>
    public static OnnxModel Parse(ReadOnlySpan<byte> bytes, string source = "the given bytes") =>
        ModelReader.Read(bytes, source, path: null);

    /// <summary>
    /// Writes the file whole or not at all: under another name first, then renamed over <paramref name="path"/>. With
    /// <paramref name="externalData"/>, and in any case where one ONNX file cannot hold it (2 GB), the weights go to a file
    /// beside it, named PATH.HASH.data after its content and written first, so that no model ever points to unfinished
    /// data. A data file that the old model of this name pointed to is left.
    /// </summary>
    /// <exception cref="OnnxException">A file cannot be written.</exception>
    public void Save(string path, bool externalData = false) => ModelWriter.Write(this, path, externalData);

    /// <summary>The bytes of the file.</summary>
    /// <exception cref="OnnxException">They exceed the 2 GB that one ONNX file can hold.</exception>
    public byte[] ToBytes()
    {
        if (!ModelWriter.FitsOneFile(Proto))
        {
            throw new OnnxException($"{Source}: holds {ModelWriter.DataBytes(Proto)} bytes of weights, more than the 2 GB of one ONNX file; "
                + "expected a smaller model here: Save writes it as two files");
        }

        var bytes = Proto.ToByteArray();
        GC.KeepAlive(this);
        return bytes;
    }

    /// <summary>In short: source, inputs, outputs.</summary>
    public override string ToString() => $"{Source}: {string.Join(", ", Inputs)} -> {string.Join(", ", Outputs)}";

    /// <summary>The same; external data of more than <paramref name="readLimit"/> bytes stay in their files.</summary>
    internal static OnnxModel Load(string path, long readLimit) => ModelReader.Read(ReadFile(path), path, path, readLimit);

    /// <summary>The file as it is.</summary>
    /// <exception cref="OnnxException">It cannot be read.</exception>
    internal static byte[] ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OnnxException($"{path}: {(Directory.Exists(path) ? "is a folder" : $"cannot be read ({e.Message})")}; expected an ONNX file", e);
        }
    }

    /// <summary>The input of this name; the message lists those there are.</summary>
    internal TensorInfo Input(string name) => Inputs.FirstOrDefault(i => i.Name == name)
        ?? throw new OnnxException($"{Source}: has no input '{name}'; its inputs are {NearNames.List(name, Inputs.Select(i => i.Name))}");
}
