using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>What an ONNX file says of one of its inputs or outputs.</summary>
/// <param name="Name">The tensor's name in the graph.</param>
/// <param name="ElementType">Its element type; <see cref="ElementType.Undefined"/> where the file does not say.</param>
/// <param name="Dimensions">Its dimensions, -1 for one that is known only when the graph runs; null where the file gives no shape at all.</param>
/// <param name="Symbols">The name of each dynamic dimension (such as "N"), empty for a fixed or nameless one; as long as <paramref name="Dimensions"/>.</param>
public sealed record TensorInfo(string Name, ElementType ElementType, IReadOnlyList<long>? Dimensions, IReadOnlyList<string> Symbols)
{
    /// <summary>For messages: <c>float pixels[N,224,224,3]</c>.</summary>
    public override string ToString() => $"{ElementType.ToString().ToLowerInvariant()} {Name}[{Shape()}]";

    internal static TensorInfo From(ValueInfoProto value)
    {
        var tensor = value.Type?.TensorType;
        var dims = tensor?.Shape?.Dim;
        return new(
            value.Name,
            (ElementType)(tensor?.ElemType ?? 0),
            dims?.Select(d => d.HasDimValue && d.DimValue >= 0 ? d.DimValue : -1).ToArray(),
            dims?.Select(d => d.HasDimParam ? d.DimParam : "").ToArray() ?? []);
    }

    private string Shape() => Dimensions is null
        ? "..."
        : string.Join(',', Dimensions.Select((d, i) => d >= 0 ? $"{d}" : Symbols[i].Length > 0 ? Symbols[i] : "?"));
}
