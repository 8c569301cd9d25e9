namespace OnnxTransfer.Onnx;

/// <summary>
/// A model as bytes that leave the weights mapped from files where they are: what a runtime can open although the whole
/// exceeds one ONNX file.
/// </summary>
/// <param name="Bytes">The ONNX model; its external data are relative to the folder.</param>
/// <param name="Folder">The folder of the external data; null where there are none.</param>
internal sealed record LinkedBytes(byte[] Bytes, string? Folder)
{
    /// <summary>Links <paramref name="model"/>'s weights to their files.</summary>
    /// <exception cref="OnnxException">A file was changed since, or the weights in memory exceed 2 GB.</exception>
    public static LinkedBytes Of(OnnxModel model)
    {
        var mapped = model.Graph.Initializer.Select(MappedData.Of).OfType<MappedData>().ToArray();
        if (mapped.Length == 0)
        {
            return new(model.ToBytes(), null);
        }

        if (mapped.FirstOrDefault(m => m.Changed) is { } changed)
        {
            throw new OnnxException($"{model.Source}: its data file {changed.Location} in {changed.Folder} was changed after it was read; expected the same file: load the model again");
        }

        // A runtime takes one folder; weights that come from another model's folder travel in the bytes.
        var folder = mapped.GroupBy(m => m.Folder).MaxBy(g => g.Sum(m => (long)m.Memory.Length))!.Key;
        var linked = model.Proto.Clone();
        foreach (var tensor in linked.Graph.Initializer)
        {
            if (MappedData.Of(tensor) is { } data && data.Folder == folder)
            {
                ModelWriter.Point(tensor, data.Location, data.Offset, data.Memory.Length);
            }
        }

        if (!ModelWriter.FitsOneFile(linked))
        {
            throw new OnnxException($"{model.Source}: {ModelWriter.DataBytes(linked)} bytes of its weights were made in memory, more than the 2 GB that can be handed over; "
                + "expected them in a file: Save the model and load it from there");
        }

        return new(new OnnxModel(linked, model.Source).ToBytes(), folder);
    }
}
