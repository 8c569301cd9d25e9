using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OnnxTransfer.Embeddings;

/// <summary>The SHA-256 of an image's bytes: what an embedding is found again by.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct ContentKey
{
    /// <summary>Bytes of a key.</summary>
    public const int Size = 32;

    // Four words compare and hash faster than 32 bytes; SHA-256 is uniform, so the first word is a good hash code.
    private readonly ulong _a, _b, _c, _d;

    /// <summary>The key of these image bytes.</summary>
    public static ContentKey Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(content, hash);
        return Read(hash);
    }

    /// <summary>A key from its 32 bytes.</summary>
    public static ContentKey Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<ContentKey>(bytes);

    /// <summary>Writes the 32 bytes.</summary>
    public void Write(Span<byte> destination) => MemoryMarshal.Write(destination, in this);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)_a;

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        Write(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
