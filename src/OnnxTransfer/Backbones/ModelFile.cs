using System.Security.Cryptography;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>Reads a backbone's ONNX file, once, and holds it against its description.</summary>
internal static class ModelFile
{
    public static string Hash(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    public static OnnxModel Read(CatalogueEntry entry)
    {
        var (path, expected) = (entry.ModelPath, entry.Description.Sha256);
        if (!File.Exists(path))
        {
            throw new BackboneException($"{path}: not there, though {entry.DescriptionPath} describes it; "
                + $"put the file of SHA-256 {expected} there (source: {(entry.Description.Source is { Length: > 0 } s ? s : "not said")})");
        }

        var found = Hash(path);
        return found == expected
            ? OnnxModel.Load(path)
            : throw new BackboneException($"{path}: has SHA-256 {found}; expected {expected}, as {entry.DescriptionPath} says; "
                + "fetch the file again, or, if you changed it on purpose, put the new SHA-256 and a name of its own into the description");
    }
}
