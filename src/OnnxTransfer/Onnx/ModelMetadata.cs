using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>The free texts an ONNX file carries (metadata_props).</summary>
public static class ModelMetadata
{
    /// <summary>The key under which a fused model carries its card.</summary>
    public const string CardKey = "onnxtransfer";

    /// <summary>Adds <paramref name="entries"/> in the order of their keys; a key that is there already gets the new text.</summary>
    public static OnnxModel Merge(OnnxModel model, IReadOnlyDictionary<string, string> entries)
    {
        var copy = model.Proto.Clone();
        var kept = copy.MetadataProps.Where(p => !entries.ContainsKey(p.Key)).ToArray();
        copy.MetadataProps.Clear();
        copy.MetadataProps.AddRange(kept);
        copy.MetadataProps.AddRange(entries.OrderBy(e => e.Key, StringComparer.Ordinal)
            .Select(e => new StringStringEntryProto { Key = e.Key, Value = e.Value }));
        return new(copy, model.Source);
    }

    /// <summary>Whether it carries a card: a fused model, from pixels to answer.</summary>
    internal static bool IsFused(this OnnxModel model) => model.Metadata.ContainsKey(CardKey);
}
