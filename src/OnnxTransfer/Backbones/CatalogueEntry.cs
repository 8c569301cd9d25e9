namespace OnnxTransfer.Backbones;

/// <summary>One backbone of the catalogue.</summary>
/// <param name="Description">What its description says.</param>
/// <param name="DescriptionPath">Where that lies.</param>
/// <param name="ModelPath">Where the ONNX file lies, or should lie.</param>
public sealed record CatalogueEntry(BackboneDescription Description, string DescriptionPath, string ModelPath)
{
    /// <summary>Looks at the ONNX file, reading all of it where there is a hash to hold it against.</summary>
    public FileState Verify() => !File.Exists(ModelPath) ? FileState.Missing
        : Description.Sha256.Length == 0 ? FileState.Present
        : ModelFile.Hash(ModelPath) == Description.Sha256 ? FileState.Verified
        : FileState.HashMismatch;
}
