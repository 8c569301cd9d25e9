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

    /// <summary>The graph and the file's own SHA-256.</summary>
    public static (OnnxModel Model, string Sha256) Read(CatalogueEntry entry)
    {
        var (path, about) = (entry.ModelPath, entry.Description);
        if (!File.Exists(path))
        {
            throw Missing(entry);
        }

        var found = Hash(path);
        return about.Sha256.Length == 0 || found == about.Sha256
            ? (OnnxModel.Load(path), found)
            : throw new BackboneException($"{path}: has SHA-256 {found}; expected {about.Sha256}, as {entry.DescriptionPath} says; "
                + "fetch the file again, or, if you changed it on purpose, put the new SHA-256 and a name of its own into the description");
    }

    private static BackboneException Missing(CatalogueEntry entry)
    {
        var about = entry.Description;
        var file = about.Sha256.Length > 0 ? $"the file of SHA-256 {about.Sha256}" : "it";
        var cure = about.Obtain.Length > 0 ? $"get {file} with: {about.Obtain}"
            : $"put {(about.Sha256.Length > 0 ? file : "the file")} there (source: {(about.Source is { Length: > 0 } source ? source : "not said")})";
        return new($"{entry.ModelPath}: not there, though {entry.DescriptionPath} describes it; {cure}");
    }
}
