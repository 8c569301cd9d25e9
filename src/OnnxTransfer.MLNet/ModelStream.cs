using System.Reflection;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace OnnxTransfer.MLNet;

/// <summary>
/// How transformers of this assembly get into ML.NET's model files and out again. ML.NET 5.0.0 lets others write nothing there
/// but the name of a custom mapping, which has no state, no vectors of known size, and sees one row at a time: what its own
/// components use is internal. So this file, and no other, reaches for these members by name; a version that lacks one is
/// told by <see cref="Members"/>. A written block can be read by every version of this assembly that knows its format.
/// </summary>
internal static class ModelStream
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Lazy<Members> Internals = new(() => new Members());

    /// <summary>Writes a model of the component <paramref name="loader"/>, at most 24 characters, that consists of these blocks.</summary>
    public static void Write(ModelSaveContext context, string loader, params byte[][] blocks)
    {
        var members = Internals.Value;
        object version = members.NewVersion.Invoke(["OTRANSFR", 0x00010001u, 0x00010001u, 0x00010001u, typeof(ModelStream).Assembly.GetName().Name, loader, null]);
        members.SetVersion.Invoke(context, [version]);
        var writer = (BinaryWriter)members.Writer.GetValue(context)!;
        writer.Write(blocks.Length);
        foreach (byte[] block in blocks)
        {
            writer.Write(block.Length);
            writer.Write(block);
        }
    }

    /// <summary>Reads the blocks; <paramref name="context"/> is ML.NET's ModelLoadContext.</summary>
    public static byte[][] Read(object context)
    {
        var reader = (BinaryReader)Internals.Value.Reader.GetValue(context)!;
        var blocks = new byte[reader.ReadInt32()][];
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = reader.ReadBytes(reader.ReadInt32());
        }

        return blocks;
    }

    /// <summary>Has <paramref name="catalog"/> load models of the component <paramref name="loader"/> by <paramref name="create"/>.</summary>
    /// <param name="catalog">That of a context.</param>
    /// <param name="loader">The component's name, as written.</param>
    /// <param name="create">static ITransformer (IHostEnvironment, object): the second is the ModelLoadContext.</param>
    public static void Register(ComponentCatalog catalog, string loader, MethodInfo create)
    {
        var members = Internals.Value;
        object attribute = members.NewAttribute.Invoke([typeof(ITransformer), create.DeclaringType, null, members.LoadModel, "", new[] { loader }]);
        object info = members.NewClass.Invoke([attribute, null, null, create, true]);
        members.AddClass.Invoke(catalog, [info, new[] { loader }, true]);
    }

    /// <summary>The text of a block.</summary>
    public static string Text(byte[] block) => Encoding.UTF8.GetString(block);

    private sealed class Members
    {
        private static readonly Assembly Core = typeof(ModelSaveContext).Assembly;

        public ConstructorInfo NewVersion { get; } = Constructor("VersionInfo", 7);

        public MethodInfo SetVersion { get; } = Found(typeof(ModelSaveContext).GetMethod("SetVersionInfo", Any), "ModelSaveContext.SetVersionInfo");

        public FieldInfo Writer { get; } = Found(typeof(ModelSaveContext).GetField("Writer", Any), "ModelSaveContext.Writer");

        public FieldInfo Reader { get; } = Found(Internal("ModelLoadContext").GetField("Reader", Any), "ModelLoadContext.Reader");

        public Type LoadModel { get; } = Internal("SignatureLoadModel");

        public ConstructorInfo NewAttribute { get; } = Found(
            Internal("LoadableClassAttribute").GetConstructor(Any, [typeof(Type), typeof(Type), typeof(Type), typeof(Type), typeof(string), typeof(string[])]),
            "LoadableClassAttribute");

        public ConstructorInfo NewClass { get; } = Constructor("ComponentCatalog+LoadableClassInfo", 5);

        public MethodInfo AddClass { get; } = Found(typeof(ComponentCatalog).GetMethod("AddClass", Any), "ComponentCatalog.AddClass");

        private static Type Internal(string name) => Found(Core.GetType($"Microsoft.ML.{name}") ?? Core.GetType($"Microsoft.ML.Runtime.{name}"), name);

        private static ConstructorInfo Constructor(string type, int parameters) =>
            Found(Internal(type).GetConstructors(Any).FirstOrDefault(c => c.GetParameters().Length == parameters), type);

        private static T Found<T>(T? member, string name)
            where T : class => member ?? throw new OnnxTransferException(
                $"{Core.GetName().Name} {Core.GetName().Version}: has no {name}, through which models of OnnxTransfer.MLNet are saved and loaded; use Microsoft.ML 5.0.0");
    }
}
