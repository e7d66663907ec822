//! Files of other formats given as data: what is said of each.

use std::fs;

use mpcsim::data::idx::{Content, read_bytes, size};

use super::idx::gzip;

#[test]
fn other_formats_are_named_with_what_to_do() {
    let cases: [(&[u8], &str); 16] = [
        (b"label,p1,p2\n1,0,255\n", "this looks like CSV: `data: csv(…)` takes that"),
        (b"5,0,0,17\n", "this looks like CSV"),
        (b"5;0;0\n", "this looks like CSV"),
        (b"\xef\xbb\xbf1,2,3\n", "this looks like CSV"),
        (b"1\t2\t3\n", "this looks like tab-separated values"),
        (b"+1 3:0.5 7:1\n", "this looks like the format of LIBSVM"),
        (b"@RELATION iris\n", "this looks like ARFF"),
        (b"{\"rows\": []}", "this looks like JSON"),
        (
            b"\x93NUMPY\x01\x00v\x00{'descr'",
            "this looks like a NumPy array (NPY): put all arrays into one NPZ with numpy.savez",
        ),
        (b"PK\x03\x04\x14\x00\x00\x00", "this looks like a zip archive, such as NumPy's NPZ"),
        (b"\x89PNG\r\n\x1a\n", "this looks like a PNG picture: all pictures of a data set stand in one file"),
        (b"\xff\xd8\xff\xe0..JFIF", "this looks like a JPEG picture"),
        (b"<!DOCTYPE html><html>", "this looks like a web page: the download went wrong"),
        (b"version https://git-lfs.github.com/spec/v1\n", "this looks like a pointer of Git LFS"),
        (b"\x00\x00\x0d\x03\x00\x00\x00\x02", "this looks like IDX of another type of number (0x0d)"),
        (b"PAR1....", "this looks like Parquet"),
    ];
    for (bytes, said) in cases {
        for bytes in [bytes.to_vec(), gzip(bytes)] {
            for content in [Content::Images, Content::Labels] {
                let told = read_bytes(&bytes, "my file", content).unwrap_err().to_string();
                assert!(told.contains(said), "{told}");
                assert!(told.starts_with("`my file` does not hold"), "{told}");
            }
        }
    }
    let twice = gzip(&gzip(b"\0\0\x08\x01"));
    assert!(read_bytes(&twice, "f", Content::Labels).unwrap_err().to_string().contains("gzip within gzip"));
    let noise = read_bytes(&[7, 200, 13, 250, 0, 1], "f", Content::Labels).unwrap_err().to_string();
    assert!(noise.ends_with("00 00 08 01"), "nothing is made up: {noise}");
    for empty in [Vec::new(), gzip(b"")] {
        assert_eq!(read_bytes(&empty, "f", Content::Images).unwrap_err().to_string(), "`f` is empty");
    }
}

#[test]
fn a_folder_of_pictures_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let told = |holds: &str| {
        let error = size(folder.path(), "pictures", Content::Images).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("`pictures` is a folder{holds}: all rows stand in one file, as docs/own-data.md says")
        );
    };
    told("");
    fs::write(folder.path().join("7.png"), "").unwrap();
    fs::write(folder.path().join("12.png"), "").unwrap();
    told(" (it holds `12.png`)");
}
